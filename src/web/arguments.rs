//! The arguments line of the form: shell-like words, quoting only; no variables, globs or operators.
//! The page's script splits by the same rules.

use crate::program::ProgramError;

/// Splits a line into words. `'single'` keeps everything, `"double"` knows `\"` and `\\`, elsewhere a backslash
/// keeps the next character.
///
/// # Errors
/// When a quote is never closed.
pub(super) fn split(line: &str) -> Result<Vec<String>, ProgramError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if let Some(kept) = characters.next_if(|&next| escapes(character, next, quote)) {
            word.get_or_insert_default().push(kept);
        } else if quote == Some(character) {
            quote = None;
        } else if quote.is_none() && matches!(character, '\'' | '"') {
            quote = Some(character);
            word.get_or_insert_default();
        } else if quote.is_none() && character.is_whitespace() {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(character);
        }
    }
    words.extend(word);
    quote.map_or(Ok(words), |open| Err(ProgramError::OpenQuote(open)))
}

fn escapes(character: char, next: char, quote: Option<char>) -> bool {
    character == '\\'
        && match quote {
            None => true,
            Some('"') => matches!(next, '"' | '\\'),
            Some(_) => false,
        }
}

/// Writes words as a line that [`split`] reads back.
pub(super) fn join(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |character: char| !character.is_whitespace() && !matches!(character, '\'' | '"' | '\\');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else if word.contains('\'') {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would() {
        for (line, words) in [
            ("", vec![]),
            ("  a  b ", vec!["a", "b"]),
            ("'a b' \"c d\"", vec!["a b", "c d"]),
            ("a\\ b ''", vec!["a b", ""]),
            (r#""a\"b\n""#, vec!["a\"b\\n"]),
            ("--x='1 2'", vec!["--x=1 2"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn a_joined_line_reads_back() {
        let words = ["plain", "", "two words", "it's", "a\\b", "q\"q", "'\"\\"].map(str::to_owned);
        assert_eq!(split(&join(&words)).unwrap(), words);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error() {
        for (line, open) in [("'open end", '\''), ("a \"b 'c'", '"'), ("it's", '\''), ("\"a\\\"", '"')] {
            assert_eq!(split(line), Err(ProgramError::OpenQuote(open)), "{line}");
        }
    }
}
