# elvish completion for pluton. Pluton itself is asked what fits; it reads rclone.conf and nothing else.

use str

set edit:completion:arg-completer[pluton] = {|@words|
    tmp E:PLUTON_COMPLETE = elvish
    var reply = [(try { (external pluton) -- $@words 2>/dev/null } catch { })]
    unset-env PLUTON_COMPLETE
    var kind = values
    if (> (count $reply) 0) {
        set kind @reply = $@reply
    }
    if (eq $kind files) {
        edit:complete-filename $words[-1]
    } elif (eq $kind command) {
        var after = $false
        var rest = [(for word $words { if $after { put $word } elif (eq $word --) { set after = $true } })]
        edit:complete-sudo pluton $@rest
    } else {
        for line $reply {
            var value @help = (str:split "\t" $line)
            var shown = $value
            if (> (count $help) 0) {
                set shown = $value' ('$help[0]')'
            }
            if (or (str:has-suffix $value '=') (str:has-suffix $value ':')) {
                edit:complex-candidate &display=$shown $value
            } else {
                edit:complex-candidate &display=$shown &code-suffix=' ' $value
            }
        }
    }
}
