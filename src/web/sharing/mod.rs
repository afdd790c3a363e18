//! A snippet elsewhere: in other sites' pages, in link previews.
//!
//! - [`public`]: what of it may be shown there at all
//! - [`embed`]: the small page for frames; [`oembed`]: how sites find it
//! - [`forms`]: the link as Markdown, as a frame, for cameras
//! - [`picture`]: code and output as an image, drawn on a `canvas`

pub(super) mod embed;
pub(super) mod forms;
pub(super) mod oembed;
pub(super) mod picture;
pub(super) mod public;

mod canvas;
mod drawing;
