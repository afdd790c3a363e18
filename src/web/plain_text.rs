//! Plain text from a program's output: control sequences taken out, across the borders of chunks.
//! For pages without a terminal; the page's script shows the raw output in one.

/// Takes control sequences out of text that comes in chunks.
#[derive(Debug, Default)]
pub(super) struct ControlStripper {
    state: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Text,
    /// After a carriage return: a line feed makes it one line end.
    Return,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte: one more follows.
    EscapeIntermediate,
    /// In a control sequence: until a letter or the like.
    Sequence,
    /// In a control string (title, clipboard, …): until BEL or ST.
    String,
    /// In a control string, after ESC.
    StringEscape,
}

impl ControlStripper {
    /// Appends what a reader should see of `chunk` to `out`.
    pub(super) fn push(&mut self, chunk: &str, out: &mut String) {
        for character in chunk.chars() {
            if self.state == Place::Return {
                self.state = Place::Text;
                out.push('\n');
                if character == '\n' {
                    continue;
                }
            }
            self.state = self.step(character, out);
        }
    }

    fn step(&self, character: char, out: &mut String) -> Place {
        match self.state {
            Place::Text | Place::Return => text(character, out),
            Place::Escape => escape(character, out),
            Place::EscapeIntermediate if matches!(character, ' '..='/') => Place::EscapeIntermediate,
            Place::EscapeIntermediate => Place::Text,
            Place::Sequence => sequence(character, out),
            Place::String | Place::StringEscape => string(self.state, character),
        }
    }
}

fn text(character: char, out: &mut String) -> Place {
    match character {
        '\u{1b}' => return Place::Escape,
        '\u{9b}' => return Place::Sequence,
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => return Place::String,
        '\r' => return Place::Return,
        '\n' | '\t' => out.push(character),
        character if character.is_control() => {}
        character => out.push(character),
    }
    Place::Text
}

fn escape(character: char, out: &mut String) -> Place {
    match character {
        '[' => Place::Sequence,
        ']' | 'P' | 'X' | '^' | '_' => Place::String,
        ' '..='/' => Place::EscapeIntermediate,
        '\u{1b}' => Place::Escape,
        character if character.is_control() => text(character, out),
        _ => Place::Text,
    }
}

fn sequence(character: char, out: &mut String) -> Place {
    match character {
        ' '..='?' => Place::Sequence,
        '@'..='~' => Place::Text,
        // A line end inside a broken sequence is still a line end; any other text is, too.
        character => text(character, out),
    }
}

fn string(state: Place, character: char) -> Place {
    match character {
        '\u{7}' | '\u{9c}' | '\u{18}' | '\u{1a}' => Place::Text,
        '\u{1b}' => Place::StringEscape,
        '\\' if state == Place::StringEscape => Place::Text,
        _ => Place::String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(chunks: &[&str]) -> String {
        let (mut stripper, mut out) = (ControlStripper::default(), String::new());
        for chunk in chunks {
            stripper.push(chunk, &mut out);
        }
        out
    }

    #[test]
    fn control_sequences_are_taken_out() {
        for (raw, seen) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}]0;title\u{7}b\u{1b}]52;c;AAAA\u{1b}\\c", "abc"),
            ("\u{1b}(Bx\u{1b}=y\u{9b}1mz", "xyz"),
            ("a\u{0}\u{8}\u{7f}b\tc", "ab\tc"),
            ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
            ("\u{1b}Pq#0\u{1b}\\ok", "ok"),
        ] {
            assert_eq!(stripped(&[raw]), seen, "{raw:?}");
        }
    }

    #[test]
    fn a_sequence_may_be_split_anywhere() {
        let raw = "a\u{1b}[1;31mb\u{1b}]8;;http://x\u{1b}\\c\r\nd";
        let characters: Vec<String> = raw.chars().map(String::from).collect();
        let chunks: Vec<&str> = characters.iter().map(String::as_str).collect();
        assert_eq!(stripped(&chunks), "abc\nd");
    }
}
