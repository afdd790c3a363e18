//! The drawing: a title, the code, and under it what the code printed last.

use std::time::{Duration, Instant};

use crate::languages::LanguageId;
use crate::program::file::SourceFile;
use crate::web::colour::code;
use crate::web::colour::piece::{Ink, Look, Piece, Token};
use crate::web::sharing::canvas::{Canvas, Cell, Rgb};
use crate::web::sharing::picture;

const MARGIN: u32 = 48;
const PAD: u32 = 20;
const TITLE: Cell = Cell { font_size: 40, width: 24, height: 48 };
const SMALL: Cell = Cell { font_size: 22, width: 13, height: 28 };
const TEXT: Cell = Cell { font_size: 26, width: 15, height: 31 };
/// Where the code begins, below the title.
const CODE_TOP: u32 = 130;
/// Lines of code on top of output, and without any; lines of output.
const LINES_ABOVE_OUTPUT: usize = 9;
const LINES_ALONE: usize = 14;
const OUTPUT_LINES: usize = 4;
/// Time for colouring; what is not done then stays plain.
const COLOUR_WITHIN: Duration = Duration::from_secs(1);
const TAB: usize = 4;

const PAPER: Rgb = [0x10, 0x14, 0x16];
const PANEL: Rgb = [0x17, 0x1c, 0x1f];
const TERMINAL: Rgb = [0x0b, 0x0e, 0x10];
const INK: Rgb = [0xe2, 0xe7, 0xe5];
const MUTED: Rgb = [0x97, 0xa4, 0xa5];
const ACCENT: Rgb = [0x6f, 0xcd, 0xbd];

/// What is drawn.
pub(super) struct Subject {
    pub(super) title: String,
    /// The language's name, and where the snippet is.
    pub(super) caption: String,
    pub(super) language: LanguageId,
    pub(super) file: SourceFile,
    pub(super) output: Vec<Piece>,
}

/// Draws it. Takes some milliseconds; call it where it holds up nobody.
pub(super) fn draw(subject: &Subject, (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut canvas = Canvas::new(width, height, PAPER);
    canvas.fill((0, 0), (width, 8), ACCENT);
    let columns = |cell: Cell| ((width - 2 * MARGIN) / cell.width) as usize;
    canvas.write((MARGIN, 32), TITLE, &cut(&subject.title, columns(TITLE)), INK);
    canvas.write((MARGIN, 86), SMALL, &cut(&subject.caption, columns(SMALL)), MUTED);

    let output = lines(&subject.output, OUTPUT_LINES);
    let shown = if output.is_empty() { LINES_ALONE } else { LINES_ABOVE_OUTPUT };
    let code = lines(&beginning(&subject.language, &subject.file, shown), shown);
    let code_height = TEXT.height * u32::try_from(shown).unwrap_or(0) + 2 * PAD;
    panel(&mut canvas, CODE_TOP, code_height, PANEL, &code);
    if !output.is_empty() {
        let top = CODE_TOP + code_height;
        panel(&mut canvas, top, height - top - MARGIN / 2, TERMINAL, &output);
    }
    canvas.png()
}

fn panel(canvas: &mut Canvas, top: u32, height: u32, ground: Rgb, lines: &[Vec<Piece>]) {
    let width = picture::WIDTH - 2 * MARGIN;
    canvas.fill((MARGIN, top), (width, height), ground);
    let columns = ((width - 2 * PAD) / TEXT.width) as usize;
    for (line, y) in lines.iter().zip((top + PAD..).step_by(TEXT.height as usize)) {
        let (mut x, mut left) = (MARGIN + PAD, columns);
        for piece in line {
            let text: String = piece.text.chars().take(left).collect();
            left -= text.chars().count();
            x = canvas.write((x, y), TEXT, &text, ink(&piece.look));
        }
    }
}

/// Only the lines that are drawn are coloured.
fn beginning(language: &LanguageId, file: &SourceFile, count: usize) -> Vec<Piece> {
    let content: String = file.content.to_string().split_inclusive('\n').take(count).collect();
    let file = SourceFile::text(file.path.clone(), content);
    code::load();
    code::pieces(language, &file, Instant::now() + COLOUR_WITHIN)
}

/// The first lines; tabs as spaces, what is no text as a box.
fn lines(pieces: &[Piece], count: usize) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        for (index, text) in piece.text.split('\n').enumerate() {
            if index > 0 {
                if lines.len() == count {
                    return lines;
                }
                lines.push(Vec::new());
            }
            if let Some(line) = lines.last_mut().filter(|_| !text.is_empty()) {
                line.push(Piece { look: piece.look, text: visible(text) });
            }
        }
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

fn visible(text: &str) -> String {
    let spaced = text.replace('\t', &" ".repeat(TAB));
    let turns = |character: char| matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let shown = spaced.chars().filter(|&character| character != '\r' && !turns(character));
    shown.map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn cut(text: &str, columns: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= columns {
        return text;
    }
    text.chars().take(columns - 1).chain(std::iter::once('…')).collect()
}

fn ink(look: &Look) -> Rgb {
    match look.ink {
        Ink::Plain => INK,
        Ink::Code(Token::Keyword) => ACCENT,
        Ink::Code(Token::String) => [0xe0, 0xb0, 0x85],
        Ink::Code(Token::Number) => [0xdd, 0xa0, 0xc6],
        Ink::Code(Token::Comment) => MUTED,
        Ink::Code(Token::Name) => [0x92, 0xbd, 0xf0],
        Ink::Code(Token::Type) => [0xbc, 0xae, 0xf0],
        Ink::Terminal(index) => TERMINAL_INKS[usize::from(index & 7)],
    }
}

/// Black is grey here: on this ground nobody could read it.
const TERMINAL_INKS: [Rgb; 8] = [
    MUTED,
    [0xf0, 0x90, 0x7f],
    [0x83, 0xcc, 0x8f],
    [0xe2, 0xb4, 0x5c],
    [0x84, 0xb2, 0xee],
    [0xd9, 0x9c, 0xc8],
    [0x6f, 0xcd, 0xcb],
    INK,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(title: &str, content: &str, output: &str) -> Subject {
        Subject {
            title: title.into(),
            caption: "Python".into(),
            language: LanguageId("python".into()),
            file: SourceFile { path: "main.py".into(), content: content.into() },
            output: vec![Piece { look: Look::default(), text: output.into() }],
        }
    }

    #[test]
    fn hostile_text_is_drawn_in_bounded_time() {
        let size = (picture::WIDTH, picture::HEIGHT);
        let wide = "\u{1b}]0;x\u{7}漢字🦀\u{202e}<script>&\u{0}\t".repeat(10_000);
        let started = Instant::now();
        let file = draw(&subject(&wide, &wide, &wide), size).unwrap();
        assert_eq!(file[..8], *b"\x89PNG\r\n\x1a\n");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_ne!(file, draw(&subject("", "", ""), size).unwrap());
    }

    #[test]
    fn a_text_is_cut_where_the_picture_ends() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        let lines = lines(&subject("", "", "1\n2\n3\n4\n5\n6").output, 4);
        assert_eq!(lines.len(), 4);
    }
}
