//! What a child prints, within bounds: the beginning and the end of it are kept, however much there is.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

/// More than any listing that is read here.
const HEAD: usize = 8 << 20;
/// Enough for the last words of a program that fails.
const TAIL: usize = 1 << 20;
const LONGEST_LINE: u64 = 1 << 20;

/// Whole lines. Those in the middle are dropped once there are too many.
#[derive(Debug, Default)]
pub(super) struct Output {
    head: Vec<u8>,
    tail: VecDeque<Vec<u8>>,
    in_tail: usize,
    dropped: usize,
    pub(super) lines: usize,
    pub(super) bytes: usize,
}

impl Output {
    pub(super) fn push(&mut self, line: Vec<u8>) {
        self.lines += 1;
        self.bytes = self.bytes.saturating_add(line.len());
        if self.tail.is_empty() && self.head.len() + line.len() <= HEAD {
            self.head.extend(line);
            return;
        }
        self.in_tail += line.len();
        self.tail.push_back(line);
        while self.in_tail > TAIL {
            let Some(line) = self.tail.pop_front() else { break };
            self.in_tail -= line.len();
            self.dropped += 1;
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.head;
        if self.dropped > 0 {
            bytes.extend(format!("[{} lines left out]\n", self.dropped).into_bytes());
        }
        bytes.extend(self.tail.into_iter().flatten());
        bytes
    }

    pub(super) fn into_text(self) -> String {
        let bytes = self.into_bytes();
        String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

/// Hands each line to `take`, cut where it is too long, until the stream ends or `take` returns false.
pub(super) fn for_each_line(mut reader: impl BufRead, mut take: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let is_cut = !line.ends_with(b"\n") && u64::try_from(line.len()).is_ok_and(|length| length == LONGEST_LINE);
        if is_cut {
            line.push(b'\n');
        }
        if !take(line) {
            return Ok(());
        }
        if is_cut {
            reader.skip_until(b'\n')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _};

    use super::{HEAD, LONGEST_LINE, Output, TAIL, for_each_line};

    fn read(stream: impl std::io::Read) -> Output {
        let mut output = Output::default();
        let whole = for_each_line(BufReader::new(stream), |line| {
            output.push(line);
            true
        });
        whole.expect("readable");
        output
    }

    #[test]
    fn little_is_kept_as_it_is() {
        for text in ["", "a", "a\nb\r\n\n", "no end"] {
            assert_eq!(read(text.as_bytes()).into_text(), text);
        }
    }

    #[test]
    fn of_much_the_beginning_and_the_end_are_kept() {
        let lines: Vec<String> = (0..2_000_000).map(|line| format!("line {line}\n")).collect();
        let many = lines.concat();
        let output = read(many.as_bytes());
        assert_eq!((output.lines, output.bytes), (2_000_000, many.len()));
        let text = output.into_text();
        assert!(text.len() < HEAD + TAIL + 100, "{}", text.len());
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("\nline 1999999\n"));
        assert!(text.contains(" lines left out]\n"));
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let endless = std::io::repeat(b'x').take(3 * LONGEST_LINE).chain(&b"\nlast\n"[..]);
        let output = read(endless);
        assert_eq!(output.lines, 2);
        assert!(output.into_text().ends_with("x\nlast\n"));
    }
}
