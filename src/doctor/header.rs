//! Header: the lines at the top of a hostile program that say what it is and what it may come to.

/// Columns of white space from which a line goes on with the one before.
const CONTINUED: usize = 4;

/// Keys and values in order; a key may come twice.
pub(super) fn parse(source: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in source.lines() {
        let Some(text) = comment(line, entries.is_empty()) else { break };
        if let Some((key, value)) = text.trim_start().strip_prefix('@').and_then(|entry| entry.split_once(':')) {
            entries.push((key.to_owned(), value.trim().to_owned()));
        } else if let Some((_, value)) = entries.last_mut().filter(|_| indent(text) >= CONTINUED) {
            value.push(' ');
            value.push_str(text.trim());
        }
    }
    entries
}

/// The text of a comment's line in any of the languages; `None` where the comment ends.
fn comment(line: &str, first: bool) -> Option<&str> {
    for mark in ["# ", "//", "/*"] {
        if let Some(text) = line.strip_prefix(mark) {
            return Some(text);
        }
    }
    let inside = !first && line.starts_with("   ");
    inside.then_some(line)
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(source: &str) -> Vec<(String, String)> {
        parse(source)
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn every_language_has_its_comments() {
        let expected = [pair("lang", "c"), pair("not", "a: b")];
        assert_eq!(pairs("/* @lang: c\n   @not: a: b\n*/\n   @out: no\n"), expected);
        assert_eq!(pairs("# @lang: c\n# @not: a: b\nimport os\n# @out: no\n"), expected);
        assert_eq!(pairs("// @lang: c\n// @not: a: b\n#![x]\n"), expected);
    }

    #[test]
    fn a_long_sentence_goes_on_in_the_next_line_and_a_remark_does_not() {
        let source = "# @contain: one\n#           two\n# a remark\n# @lang: python\n";
        assert_eq!(pairs(source), [pair("contain", "one two"), pair("lang", "python")]);
    }
}
