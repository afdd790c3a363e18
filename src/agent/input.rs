//! Bytes on their way to the program's stdin.

use std::collections::VecDeque;

/// Greatest number of bytes that wait for a program which does not read; more is dropped.
const CAPACITY_BYTES: usize = 2 * 1024 * 1024;

/// What a terminal's line discipline takes for the end of the file (Ctrl+D).
const END_OF_FILE: u8 = 0x04;

/// The bytes that the program has not taken yet. It belongs to the run, so that what is typed during the compile
/// stage reaches the program.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: VecDeque<u8>,
    closed: bool,
}

impl Input {
    /// Adds bytes; what is over the capacity, or comes after the end, is dropped.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !self.closed {
            let room = CAPACITY_BYTES.saturating_sub(self.bytes.len());
            self.bytes.extend(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Types the end-of-file character, as a person would: a program may go on reading after it.
    pub(super) fn type_end(&mut self) {
        self.push(&[END_OF_FILE]);
    }

    /// Nothing comes after what is here.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// The next bytes in one piece; empty only when nothing waits.
    pub(super) fn front(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    /// The program took `count` bytes of [`Input::front`].
    pub(super) fn consume(&mut self, count: usize) {
        self.bytes.drain(..count);
    }

    /// The program does not read any more: nothing is kept for it.
    pub(super) fn abandon(&mut self) {
        self.bytes = VecDeque::new();
        self.closed = true;
    }

    /// Whether the program's stdin is to be closed now.
    pub(super) fn is_finished(&self) -> bool {
        self.closed && self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_the_end_after_them() {
        let mut input = Input::default();
        input.push(b"one ");
        input.push(b"two");
        input.close();
        input.push(b"late");
        let mut taken = Vec::new();
        while !input.is_finished() {
            let piece = input.front().to_vec();
            input.consume(piece.len());
            taken.extend(piece);
        }
        assert_eq!(taken, b"one two");
    }

    #[test]
    fn a_program_that_does_not_read_costs_no_more_than_the_capacity() {
        let mut input = Input::default();
        for _ in 0..5 {
            input.push(&[b'x'; 1_000_000]);
        }
        assert_eq!(input.bytes.len(), CAPACITY_BYTES);
    }

    #[test]
    fn an_abandoned_input_takes_nothing_more() {
        let mut input = Input::default();
        input.push(b"unread");
        input.abandon();
        input.push(b"more");
        assert!(input.is_finished() && input.front().is_empty());
    }
}
