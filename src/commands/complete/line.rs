//! A command line as it was typed so far, up to the cursor: its words without their quotes. Pure.

/// Words that a shell takes before the command itself.
const BEFORE_COMMANDS: [&str; 7] = ["command", "builtin", "exec", "time", "and", "or", "not"];

/// The last word is the one at the cursor; it may be empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    words: Vec<Word>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// The quote that is still open at the end.
    pub(super) quote: Option<char>,
    /// How much of `text` the shell takes for something before the word: bash also parts words at `=`, `:` and the like.
    pub(super) kept: usize,
}

impl Line {
    /// Words that the shell has freed of their quotes itself.
    pub(super) fn of_words(words: impl IntoIterator<Item = String>) -> Self {
        Self::new(words.into_iter().map(|text| Word { text, ..Word::default() }).collect())
    }

    /// Words as they were typed, one each.
    pub(super) fn of_raw_words<'a>(words: impl IntoIterator<Item = &'a str>, variable: &Lookup) -> Self {
        Self::new(words.into_iter().map(|raw| read_word(raw, "", variable).0).collect())
    }

    /// The text of one command. Beside blanks, `breaks` part the words too in bash's eyes.
    pub(super) fn of_text(text: &str, breaks: &str, variable: &Lookup) -> Self {
        let mut words = Vec::new();
        let mut rest = text.trim_start();
        loop {
            let (word, after) = read_word(rest, breaks, variable);
            words.push(word);
            match after {
                Some(after) => rest = after.trim_start(),
                None => return Self::new(words),
            }
        }
    }

    fn new(mut words: Vec<Word>) -> Self {
        let is_first = |word: &Word| !is_assignment(&word.text) && !BEFORE_COMMANDS.contains(&word.text.as_str());
        let begin = words.iter().position(is_first).unwrap_or(0);
        words.drain(..begin);
        // At least the program and a word to complete.
        while words.len() < 2 {
            words.push(Word::default());
        }
        Self { words }
    }

    /// The words before the one at the cursor, the program first.
    pub(super) fn before(&self) -> impl Iterator<Item = &str> {
        self.words[..self.words.len() - 1].iter().map(|word| word.text.as_str())
    }

    pub(super) fn current(&self) -> &str {
        &self.word().text
    }

    pub(super) fn word(&self) -> &Word {
        &self.words[self.words.len() - 1]
    }
}

type Lookup = dyn Fn(&str) -> Option<String>;

/// Reads one word, and returns what follows the blank that ends it.
fn read_word<'a>(text: &'a str, breaks: &str, variable: &Lookup) -> (Word, Option<&'a str>) {
    let mut word = Word::default();
    let mut rest = text;
    let below_home = text.strip_prefix('~').filter(|path| path.is_empty() || path.starts_with(['/', ' ']));
    if let Some((path, home)) = below_home.zip(variable("HOME")) {
        word.text = home;
        rest = path;
    }
    while let Some(char) = rest.chars().next() {
        rest = &rest[char.len_utf8()..];
        match (word.quote, char) {
            (None, ' ' | '\t' | '\n') => return (word, Some(rest)),
            (None, '"' | '\'') => {
                word.quote = Some(char);
                word.kept = word.text.len();
            }
            (Some(quote), _) if quote == char => {
                word.quote = None;
                word.kept = word.text.len();
            }
            (None, '\\') => rest = take(&mut word.text, rest),
            (Some('"'), '\\') if rest.starts_with(['"', '\\', '$', '`']) => rest = take(&mut word.text, rest),
            (None | Some('"'), '$') => rest = expand(&mut word.text, rest, variable),
            (None, _) if breaks.contains(char) => {
                // bash counts this one to the word that follows.
                let leads = char == '@';
                word.kept = word.text.len() + if leads { 0 } else { char.len_utf8() };
                word.text.push(char);
            }
            _ => word.text.push(char),
        }
    }
    (word, None)
}

/// Takes the next character as it is.
fn take<'a>(into: &mut String, rest: &'a str) -> &'a str {
    let mut chars = rest.chars();
    into.extend(chars.next());
    chars.as_str()
}

/// Puts a variable's value in; one that is not in the environment stays as it was typed.
fn expand<'a>(into: &mut String, rest: &'a str, variable: &Lookup) -> &'a str {
    let (name, after) = match rest.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
        Some(parts) => parts,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())),
    };
    if let Some(value) = Some(name).filter(|name| !name.is_empty()).and_then(variable) {
        into.push_str(&value);
        after
    } else {
        into.push('$');
        rest
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
