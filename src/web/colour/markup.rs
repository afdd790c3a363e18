//! Markup: pieces as HTML. It is made of escaped text and of spans with classes of ours, and of nothing else, so
//! templates may write it as it is.

use std::fmt;
use std::ops::RangeInclusive;

use askama::filters::HtmlSafe;

use crate::web::colour::piece::{Ink, Look, Piece, Token};
use crate::web::colour::unseen;

/// HTML that is safe in any element's content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::web) struct Markup(String);

impl HtmlSafe for Markup {}

impl fmt::Display for Markup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Markup {
    /// These pieces.
    pub(in crate::web) fn of(pieces: &[Piece]) -> Self {
        let mut markup = Self::default();
        for piece in pieces {
            markup.push(&piece.look, &piece.text);
        }
        markup
    }

    /// Text without colour.
    pub(in crate::web) fn plain(text: &str) -> Self {
        let mut markup = Self::default();
        markup.push(&Look::default(), text);
        markup
    }

    /// Text for a text field, which shows nothing but text: marks would be a part of it.
    pub(in crate::web) fn of_field(text: &str) -> Self {
        let mut markup = Self::default();
        escape(&mut markup.0, text);
        markup
    }

    /// Adds text.
    fn push(&mut self, look: &Look, text: &str) {
        let classes = classes(look);
        if !classes.is_empty() {
            self.0.push_str("<span class=");
            match classes.as_slice() {
                [only] => self.0.push_str(only),
                several => {
                    self.0.push('"');
                    self.0.push_str(&several.join(" "));
                    self.0.push('"');
                }
            }
            self.0.push('>');
        }
        self.write(text);
        if !classes.is_empty() {
            self.0.push_str("</span>");
        }
    }

    /// Adds escaped text, with a mark around what nobody would see.
    fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some((at, character)) = unseen::first(rest) {
            let behind = at + character.len_utf8();
            escape(&mut self.0, &rest[..at]);
            self.0.push_str(unseen::BEFORE);
            self.0.push(character);
            self.0.push_str(unseen::BEHIND);
            rest = &rest[behind..];
        }
        escape(&mut self.0, rest);
    }

    /// The HTML.
    pub(in crate::web) fn as_str(&self) -> &str {
        &self.0
    }

    /// The HTML itself.
    pub(in crate::web) fn into_string(self) -> String {
        self.0
    }

    /// Only these lines, counted from 1. Pieces with a look end before the end of their line, so no span is cut.
    pub(in crate::web) fn lines(&self, wanted: &RangeInclusive<usize>) -> Self {
        let (first, last) = (wanted.start().saturating_sub(1), *wanted.end());
        let lines = self.0.split_inclusive('\n').take(last).skip(first);
        Self(lines.collect())
    }
}

/// Adds text so that an element's content shows it. It is never put into an attribute, so nothing but these two could
/// end it or be taken for something else; a page of code is a fifth smaller without the others.
fn escape(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(place) = rest.find(['&', '<']) {
        html.push_str(&rest[..place]);
        html.push_str(if rest[place..].starts_with('&') { "&amp;" } else { "&lt;" });
        rest = &rest[place + 1..];
    }
    html.push_str(rest);
}

/// All of a fixed set; the program only chooses among them.
fn classes(look: &Look) -> Vec<&'static str> {
    let mut classes = Vec::new();
    if look.inverse {
        classes.push(look.ground.map_or("ink-ground", |ground| INKS[usize::from(ground & 15)]));
        classes.push(match look.ink {
            Ink::Terminal(ink) => GROUNDS[usize::from(ink & 15)],
            Ink::Plain | Ink::Code(_) => "on-ink",
        });
    } else {
        classes.extend(match look.ink {
            Ink::Plain => None,
            Ink::Code(token) => Some(token_class(token)),
            Ink::Terminal(ink) => Some(INKS[usize::from(ink & 15)]),
        });
        classes.extend(look.ground.map(|ground| GROUNDS[usize::from(ground & 15)]));
    }
    let styles = [
        (look.bold, "is-bold"),
        (look.faint, "is-faint"),
        (look.italic, "is-italic"),
        (look.underlined, "is-underlined"),
        (look.struck, "is-struck"),
    ];
    classes.extend(styles.into_iter().filter_map(|(has, class)| has.then_some(class)));
    classes
}

/// Short, for a page holds hundreds of them; those of Pygments, which style sheets for code know.
fn token_class(token: Token) -> &'static str {
    match token {
        Token::Keyword => "k",
        Token::String => "s",
        Token::Number => "m",
        Token::Comment => "c",
        Token::Name => "n",
        Token::Type => "kt",
    }
}

/// Text in one of the sixteen, in their order.
const INKS: [&str; 16] = [
    "ink-black",
    "ink-red",
    "ink-green",
    "ink-yellow",
    "ink-blue",
    "ink-magenta",
    "ink-cyan",
    "ink-white",
    "ink-bright-black",
    "ink-bright-red",
    "ink-bright-green",
    "ink-bright-yellow",
    "ink-bright-blue",
    "ink-bright-magenta",
    "ink-bright-cyan",
    "ink-bright-white",
];

/// On one of the sixteen.
const GROUNDS: [&str; 16] = [
    "on-black",
    "on-red",
    "on-green",
    "on-yellow",
    "on-blue",
    "on-magenta",
    "on-cyan",
    "on-white",
    "on-bright-black",
    "on-bright-red",
    "on-bright-green",
    "on-bright-yellow",
    "on-bright-blue",
    "on-bright-magenta",
    "on-bright-cyan",
    "on-bright-white",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::colour::piece::append;

    #[test]
    fn text_stays_text_and_classes_are_ours() {
        let mut pieces = Vec::new();
        append(&mut pieces, Look::of(Token::String), "\"<script>\"\n");
        append(&mut pieces, Look { ink: Ink::Terminal(9), inverse: true, bold: true, ..Look::default() }, "&");
        let html = Markup::of(&pieces).into_string();
        let expected = "<span class=s>\"&lt;script>\"</span>\n\
                        <span class=\"ink-ground on-bright-red is-bold\">&amp;</span>";
        assert_eq!(html, expected);
    }

    #[test]
    fn what_nobody_sees_is_marked_and_turns_nothing_beside_it() {
        let html = Markup::plain("a\u{202e}<\u{1b}]0;\t\r\n\u{feff}é").into_string();
        let expected = "a<bdi class=unseen>\u{202e}</bdi>&lt;<bdi class=unseen>\u{1b}</bdi>]0;\t\r\n\
                        <bdi class=unseen>\u{feff}</bdi>é";
        assert_eq!(html, expected);
        let family = "\u{1f468}\u{200d}\u{1f469}";
        assert_eq!(Markup::plain(family).as_str(), family, "one sign of two");
        assert!(Markup::plain("admin\u{200d}x").as_str().contains("unseen"));
    }

    #[test]
    fn lines_are_cut_without_breaking_a_span() {
        let mut pieces = Vec::new();
        for line in ["one\n", "two\n", "three\n"] {
            append(&mut pieces, Look::of(Token::Comment), line);
        }
        let markup = Markup::of(&pieces);
        assert_eq!(markup.lines(&(2..=2)).as_str(), "<span class=c>two</span>\n");
        assert_eq!(markup.lines(&(4..=9)).as_str(), "");
    }
}
