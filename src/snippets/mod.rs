//! Snippets: what a URL key names, who owns it, its revisions, and who looks at it now.
//!
//! - [`key`], [`owner`], [`revision`]: the words, parsed at the edge
//! - [`store`]: create, save, load; each change one atomic script
//! - [`history`]: which revisions there are; [`lifetime`]: expiry, deletion and its undoing
//! - [`view`]: all that a page shows, by one question
//! - [`presence`]: how many look at a snippet

pub mod history;
pub mod key;
pub mod lifetime;
pub mod owner;
pub mod presence;
pub mod revision;
pub mod store;
pub mod view;
