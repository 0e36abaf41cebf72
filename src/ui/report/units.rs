//! Numbers as people read them.

/// Sizes as people read them, in powers of 1024.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = "bytes";
    // Tenths are enough, and exact in whole numbers.
    let mut tenths = u128::from(bytes) * 10;
    for next in UNITS {
        if tenths < 10240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, next);
    }
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, _) if whole >= 100 || unit == "bytes" => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

/// The two largest units are enough.
pub(crate) fn duration(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".into(),
        (0, 0, m) => plural(m, "minute"),
        (0, h, 0) => plural(h, "hour"),
        (0, h, m) => format!("{} {}", plural(h, "hour"), plural(m, "minute")),
        (d, ..) => plural(d, "day"),
    }
}

pub(super) fn plural<N: Copy + PartialEq + From<u8> + std::fmt::Display>(count: N, word: &str) -> String {
    if count == N::from(1) { format!("{count} {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::{duration, size};

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1536, "1.5 KiB"),
            (250 << 20, "250 MiB"),
            (11_382_000_000, "10.6 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn durations_name_what_matters() {
        for (seconds, text) in [
            (5, "less than a minute"),
            (60, "1 minute"),
            (3600, "1 hour"),
            (3660, "1 hour 1 minute"),
            (86400 * 59 + 5, "59 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
