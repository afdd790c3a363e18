//! Characters that nobody sees and that change how others are seen: they could make code read differently from how it
//! runs. Pages show where they stand, and keep what they do to themselves.

/// Before one of them, and behind it: an element whose direction ends with it.
pub(super) const BEFORE: &str = "<bdi class=unseen>";
pub(super) const BEHIND: &str = "</bdi>";

/// The first of them in a text. A joiner behind a character that is no ASCII is none: it makes one sign of two.
pub(super) fn first(text: &str) -> Option<(usize, char)> {
    let befores = std::iter::once('a').chain(text.chars());
    let mut all = text.char_indices().zip(befores);
    let joins = |character: char, before: char| matches!(character, '\u{200c}' | '\u{200d}') && !before.is_ascii();
    all.find(|&((_, character), before)| is_unseen(character) && !joins(character, before)).map(|(found, _)| found)
}

/// Controls, directions, joiners and spaces of no width; the same ones that the editor marks (`editor-look.ts`).
fn is_unseen(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        _ => character.is_control(),
    }
}

/// What marking them adds to a text at most, bytes.
pub(super) fn growth(text: &str) -> usize {
    text.chars().filter(|&character| is_unseen(character)).count() * (BEFORE.len() + BEHIND.len())
}
