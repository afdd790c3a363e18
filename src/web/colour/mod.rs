//! Colour on pages that work without a script: code by its syntax, output by the program's own escape sequences.
//! Both become [`piece`]s, and pieces become [`markup`] with classes from a fixed set; nothing else gets through.
//!
//! - [`piece`]: text and how it looks; [`markup`]: the same as HTML
//! - [`output`]: from a program's output; [`palette`]: the colours a program may name
//! - [`code`]: from source code; [`syntax`]: what its parts are; `unseen`: characters that are marked

pub(super) mod code;
pub(super) mod markup;
pub(super) mod output;
pub(super) mod palette;
pub(super) mod piece;

mod syntax;
mod unseen;
