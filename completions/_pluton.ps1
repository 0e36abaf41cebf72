# PowerShell completion for pluton. Pluton itself is asked what fits; it reads rclone.conf and nothing else.

Register-ArgumentCompleter -Native -CommandName pluton -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @()
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
            $words += $element.Value
        } else {
            $words += $element.Extent.Text
        }
    }
    # A dot is added because some versions lose an empty argument.
    $typed = $wordToComplete.Trim([char[]]"'`"")
    $words += "$typed."

    $variable = $env:PLUTON_COMPLETE
    $encoding = [Console]::OutputEncoding
    try {
        $env:PLUTON_COMPLETE = 'powershell'
        [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
        $program = Get-Command -CommandType Application -Name pluton -ErrorAction Stop | Select-Object -First 1
        $reply = @(& $program '--' @words 2>$null)
    } catch {
        $reply = @()
    } finally {
        $env:PLUTON_COMPLETE = $variable
        [Console]::OutputEncoding = $encoding
    }
    if ($reply.Count -eq 0) { return }

    if ($reply[0] -eq 'files' -or $reply[0] -eq 'command') {
        $before = ''
        if ($typed -match '^(--[^=]+=)(.*)$') { $before = $Matches[1]; $typed = $Matches[2] }
        foreach ($found in [System.Management.Automation.CompletionCompleters]::CompleteFilename($typed)) {
            [System.Management.Automation.CompletionResult]::new(
                $before + $found.CompletionText, $found.ListItemText, $found.ResultType, $found.ToolTip)
        }
        return
    }
    $reply | Select-Object -Skip 1 | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if (-not $help) { $help = $value }
        $text = $value
        if ($text -notmatch '^[-\w./:=+]+$') { $text = "'" + $text.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $help)
    }
}
