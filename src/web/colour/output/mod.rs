//! A program's output as pieces. What passes: text, line ends, tabs, colours and styles (SGR), and on the line that
//! is being written carriage return, backspace, erasing, and moving to the left and right. Everything else is
//! dropped: titles, links, clipboard, questions to the terminal, moving elsewhere on the screen.

use vte::{Params, Parser, Perform};

use crate::web::colour::palette;
use crate::web::colour::piece::{Ink, Look, Piece, append};
use crate::web::colour::unseen;

/// Characters of one line that can still be written over; beyond them the line is passed on as it stands.
const MAX_CELLS: usize = 4096;
/// A move to the right goes so far at most: eight bytes of a program must not become a thousand of a page.
const MAX_COLUMNS: usize = 200;

/// Output read between two looks at how much came of it, bytes.
const STEP_BYTES: usize = 512;
/// What a piece with a look of its own takes of a page beside its text, bytes, about.
const LOOK_BYTES: usize = 64;

/// Reads output that comes in chunks; a sequence may be split anywhere.
pub(in crate::web) struct OutputReader {
    parser: Parser,
    line: Line,
    /// Bytes that pieces may still take of a page, about.
    room: usize,
}

impl OutputReader {
    /// A reader whose pieces take so many bytes of a page, about. What comes behind them is dropped.
    pub(in crate::web) fn within(room: usize) -> Self {
        Self { parser: Parser::default(), line: Line::default(), room }
    }

    /// Whether there was more than the page has room for.
    pub(in crate::web) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// Takes a chunk; gives the lines that are whole.
    pub(in crate::web) fn push(&mut self, chunk: &str) -> Vec<Piece> {
        let (mut pieces, mut rest) = (Vec::new(), chunk);
        while !rest.is_empty() && !self.is_full() {
            let (step, behind) = rest.split_at(rest.floor_char_boundary(STEP_BYTES));
            self.read(step);
            pieces.extend(self.take());
            rest = behind;
        }
        pieces
    }

    /// The pieces that are whole, counted.
    fn take(&mut self) -> Vec<Piece> {
        let pieces = std::mem::take(&mut self.line.out);
        let looks = |piece: &Piece| if piece.look == Look::default() { 0 } else { LOOK_BYTES };
        let taken: usize =
            pieces.iter().map(|piece| piece.text.len() + unseen::growth(&piece.text) + looks(piece)).sum();
        self.room = self.room.saturating_sub(taken);
        pieces
    }

    fn read(&mut self, chunk: &str) {
        // Terminals know the controls from U+0080 to U+009F as ESC and a letter, too.
        for part in chunk.split_inclusive(is_control_1) {
            let control = part.chars().next_back().filter(|&last| is_control_1(last));
            let text = &part[..part.len() - control.map_or(0, char::len_utf8)];
            self.parser.advance(&mut self.line, text.as_bytes());
            if let Some(letter) = control.and_then(|control| u8::try_from(u32::from(control) - 0x40).ok()) {
                self.parser.advance(&mut self.line, &[0x1b, letter]);
            }
        }
    }

    /// Gives what stands on the line that is being written. It can no more be written over: what would be goes to
    /// a line of its own.
    pub(in crate::web) fn flush(&mut self) -> Vec<Piece> {
        self.line.pass_on();
        self.take()
    }
}

fn is_control_1(character: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&character)
}

/// The line that is being written.
#[derive(Default)]
struct Line {
    /// Columns that were passed on already.
    gone: usize,
    /// What stands behind them.
    cells: Vec<(char, Look)>,
    column: usize,
    look: Look,
    out: Vec<Piece>,
}

impl Line {
    fn pass_on(&mut self) {
        let mut text = String::new();
        for (index, (character, look)) in self.cells.iter().enumerate() {
            text.push(*character);
            if self.cells.get(index + 1).is_none_or(|(_, next)| next != look) {
                append(&mut self.out, *look, &text);
                text.clear();
            }
        }
        self.gone += self.cells.len();
        self.cells.clear();
    }

    fn end(&mut self) {
        self.pass_on();
        append(&mut self.out, Look::default(), "\n");
        (self.gone, self.column) = (0, 0);
    }

    fn put(&mut self, character: char) {
        if self.column < self.gone {
            self.end();
        }
        if self.cells.len() >= MAX_CELLS {
            self.pass_on();
            self.column = self.column.max(self.gone);
        }
        let index = self.column - self.gone;
        while self.cells.len() <= index {
            self.cells.push((' ', Look::default()));
        }
        self.cells[index] = (character, self.look);
        self.column += 1;
    }

    fn go_to(&mut self, column: usize) {
        let end = self.gone + self.cells.len();
        let farthest = end.max(self.column).max(MAX_COLUMNS.min(self.gone + MAX_CELLS));
        self.column = if column == 0 { 0 } else { column.clamp(self.gone.min(farthest), farthest) };
    }

    fn erase(&mut self, mode: u16) {
        let index = self.column.saturating_sub(self.gone).min(self.cells.len());
        match mode {
            0 => self.cells.truncate(index),
            1 => self.cells[..index].fill((' ', Look::default())),
            2 => self.cells.clear(),
            _ => {}
        }
    }
}

impl Perform for Line {
    fn print(&mut self, character: char) {
        if !character.is_control() {
            self.put(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0b | 0x0c => self.end(),
            b'\t' => self.put('\t'),
            b'\r' => self.column = 0,
            0x08 => self.column = self.column.saturating_sub(1).max(self.gone),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, parameters: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if ignore || !intermediates.is_empty() {
            return;
        }
        let first = parameters.iter().next().and_then(|values| values.first()).copied().unwrap_or(0);
        let count = usize::from(first.max(1));
        match action {
            'm' => restyle(&mut self.look, parameters),
            'K' => self.erase(first),
            'C' => self.go_to(self.column + count),
            'D' => self.go_to(self.column.saturating_sub(count).max(self.gone)),
            'G' => self.go_to(count - 1),
            _ => {}
        }
    }
}

/// Select graphic rendition.
fn restyle(look: &mut Look, parameters: &Params) {
    let mut values = parameters.iter();
    while let Some(value) = values.next() {
        let code = value.first().copied().unwrap_or(0);
        match code {
            38 | 48 => {
                let rest = if value.len() > 1 { extended(&value[1..]) } else { extended_behind(&mut values) };
                match (code, rest) {
                    (38, Some(index)) => look.ink = Ink::Terminal(index),
                    (48, Some(index)) => look.ground = Some(index),
                    _ => {}
                }
            }
            4 => look.underlined = value.get(1) != Some(&0),
            30..=37 => look.ink = ink(code - 30),
            90..=97 => look.ink = ink(code - 90 + 8),
            39 => look.ink = Ink::Plain,
            40..=47 => look.ground = u8::try_from(code - 40).ok(),
            100..=107 => look.ground = u8::try_from(code - 100 + 8).ok(),
            49 => look.ground = None,
            _ => style(look, code),
        }
    }
}

fn ink(index: u16) -> Ink {
    u8::try_from(index).map_or(Ink::Plain, Ink::Terminal)
}

fn style(look: &mut Look, code: u16) {
    match code {
        0 => *look = Look::default(),
        1 => look.bold = true,
        2 => look.faint = true,
        3 => look.italic = true,
        7 => look.inverse = true,
        9 => look.struck = true,
        21 | 24 => look.underlined = code == 21,
        22 => (look.bold, look.faint) = (false, false),
        23 => look.italic = false,
        27 => look.inverse = false,
        29 => look.struck = false,
        _ => {}
    }
}

/// A colour in parts of one parameter: `5:INDEX`, `2:R:G:B` or `2:SPACE:R:G:B`.
fn extended(values: &[u16]) -> Option<u8> {
    match values {
        [5, index, ..] => Some(palette::nearest_indexed(u8::try_from(*index).ok()?)),
        [2, red, green, blue] | [2, _, red, green, blue, ..] => of_parts([*red, *green, *blue]),
        _ => None,
    }
}

/// A colour in parameters of its own: `5;INDEX` or `2;R;G;B`.
fn extended_behind<'a>(values: &mut impl Iterator<Item = &'a [u16]>) -> Option<u8> {
    let mut next = || values.next().and_then(|value| value.first()).copied();
    match next()? {
        5 => Some(palette::nearest_indexed(u8::try_from(next()?).ok()?)),
        2 => of_parts([next()?, next()?, next()?]),
        _ => None,
    }
}

fn of_parts(parts: [u16; 3]) -> Option<u8> {
    let [red, green, blue] = parts.map(u8::try_from);
    Some(palette::nearest((red.ok()?, green.ok()?, blue.ok()?)))
}

#[cfg(test)]
mod tests;
