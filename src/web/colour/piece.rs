//! A piece: text, and how it looks.

/// The colour of text. What it is on the screen says the style sheet, light and dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::web) enum Ink {
    /// The page's own.
    #[default]
    Plain,
    /// A part of a program.
    Code(Token),
    /// One of the sixteen of a terminal.
    Terminal(u8),
}

/// A part of a program that has a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Token {
    Keyword,
    String,
    Number,
    Comment,
    Name,
    Type,
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::web) struct Look {
    pub(in crate::web) ink: Ink,
    /// Colour behind the text, one of the sixteen.
    pub(in crate::web) ground: Option<u8>,
    pub(in crate::web) bold: bool,
    pub(in crate::web) faint: bool,
    pub(in crate::web) italic: bool,
    pub(in crate::web) underlined: bool,
    pub(in crate::web) struck: bool,
    /// Ink and ground change places.
    pub(in crate::web) inverse: bool,
}

impl Look {
    /// Of a part of a program.
    pub(in crate::web) fn of(token: Token) -> Self {
        Self { ink: Ink::Code(token), ..Self::default() }
    }
}

/// Text that looks the same all over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Piece {
    pub(in crate::web) look: Look,
    pub(in crate::web) text: String,
}

/// Adds text to pieces. Ends of lines stand in pieces without a look, so that lines can be told apart later.
pub(in crate::web) fn append(pieces: &mut Vec<Piece>, look: Look, text: &str) {
    if look == Look::default() {
        return join(pieces, look, text);
    }
    for line in text.split_inclusive('\n') {
        let words = line.strip_suffix('\n').unwrap_or(line);
        join(pieces, look, words);
        join(pieces, Look::default(), &line[words.len()..]);
    }
}

fn join(pieces: &mut Vec<Piece>, look: Look, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.look == look => last.text.push_str(text),
        _ => pieces.push(Piece { look, text: text.to_owned() }),
    }
}
