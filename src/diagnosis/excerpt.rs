//! Finds the one line of a long output that says why it failed, without what rclone puts around it. Pure.

const LONGEST: usize = 300;

/// What rclone wraps around a reason, outermost first: how a layer begins, and how it ends.
const LAYERS: [(&str, &str); 16] = [
    ("Fatal error:", " "),
    ("Error:", " "),
    ("Failed to ", "last error was: "),
    ("Failed to create file system for ", "\": "),
    ("Failed to config", ": "),
    ("error listing:", " "),
    ("error in ListJSON:", " "),
    ("couldn't list files:", " "),
    ("failed to configure Box:", " "),
    ("failed to configure token with jwt authentication:", " "),
    ("config failed to refresh token:", " "),
    ("couldn't fetch token", "oauth2: "),
    ("failed to get token: oauth2:", " "),
    ("Failed to copyto:", " "),
    ("pre-upload check:", " "),
    ("Description:", " "),
];

/// What rclone adds after a reason: its own advice, and Box's message once more as an object or a list of bytes.
const TAILS: [&str; 5] = [" - try refreshing with", " - manually refresh with", " - please run", " ({", " (["];

/// Last lines that say nothing, or no more than the page of a proxy.
const EMPTY: [&str; 3] = ["Help:", "Code:", "Response:"];

/// The last words of `shown`, on one line.
pub(super) fn last(shown: &str) -> String {
    if let Some(reason) = reason_of_box(shown) {
        return shortened(reason);
    }
    let lines: Vec<&str> = shown.lines().map(without_prefix).filter(|line| says_something(line)).collect();
    let crash = lines.iter().find(|line| line.starts_with("panic: ") || line.starts_with("fatal error: "));
    let told = lines.iter().rfind(|line| line.starts_with("Description: "));
    let line = crash.or(told).or(lines.last()).copied().unwrap_or_default();
    shortened(unwrapped(line).to_owned())
}

/// `{"error":"invalid_grant","error_description":"…"}`, which rclone shows somewhere, quoted or not.
fn reason_of_box(shown: &str) -> Option<String> {
    let plain = shown.replace("\\\"", "\"");
    let field = |text: &str, name: &str| {
        let at = text.rfind(name)? + name.len();
        text[at..].split('"').next().filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let description = field(&plain, "\"error_description\":\"")?;
    Some(match field(&plain, "\"error\":\"") {
        Some(error) => format!("{error}: {description}"),
        None => description,
    })
}

fn says_something(line: &str) -> bool {
    !line.is_empty() && !EMPTY.iter().any(|start| line.starts_with(start))
}

fn unwrapped(line: &str) -> &str {
    let mut rest = line.trim();
    for (begins, ends) in LAYERS {
        if let Some(tail) = rest.strip_prefix(begins).and_then(|tail| tail.split_once(ends)) {
            rest = tail.1.trim_start();
        }
    }
    // The requested address says less than the result.
    while let Some(at) = ["Get \"http", "Post \"http"].iter().find_map(|verb| rest.find(verb)) {
        match rest[at..].find("\": ") {
            Some(end) => rest = &rest[at + end + 3..],
            None => break,
        }
    }
    let end = TAILS.iter().filter_map(|tail| rest.find(tail)).min().unwrap_or(rest.len());
    rest[..end].trim_end_matches([' ', ':'])
}

/// Without date and level.
fn without_prefix(line: &str) -> &str {
    let mut rest = line.trim();
    let is_date = |text: &str| jiff::fmt::strtime::parse("%Y/%m/%d %H:%M:%S ", text).is_ok();
    if let Some((_, tail)) = rest.split_at_checked("2026/11/23 12:28:07 ".len()).filter(|(date, _)| is_date(date)) {
        rest = tail;
    }
    for level in ["CRITICAL", "ERROR", "NOTICE", "INFO", "DEBUG"] {
        if let Some(tail) = rest.strip_prefix(level).map(str::trim_start).and_then(|tail| tail.strip_prefix(':')) {
            return tail.trim_start_matches([' ', ':']);
        }
    }
    rest
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
