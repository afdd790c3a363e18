//! What a snippet was: its revisions, each of them, the difference between two, what was made from it, and its end.
//!
//! - [`revisions`]: the list; [`revision`]: one, and restoring it
//! - [`diff_page`]: two compared, by `difference`
//! - [`forks`]: what was made from it
//! - [`life`]: expiry, deletion, and taking it back, by forms

pub(super) mod diff_page;
pub(super) mod forks;
pub(super) mod life;
pub(super) mod revision;
pub(super) mod revisions;

mod difference;
