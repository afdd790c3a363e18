//! Snippets: what a URL key names, who owns it, its revisions, and who looks at it now.
//!
//! - [`key`], [`owner`], [`revision`]: the words, parsed at the edge; `packing`: a content as it is stored
//! - `creation`, [`store`]: create and save, by `script` or so that nobody sees half of it; `reading`: a snippet and its
//!   revisions
//! - [`history`]: which revisions there are; [`forks`]: what was made from it; [`lifetime`]: expiry, deletion and its undoing
//! - [`view`]: all that a page shows, by one question; `questions`: one for many who ask at once
//! - [`lock`]: passwords, and contents that storage cannot read; [`relock`]: another password
//! - [`ending`]: burning and removal; [`ownership`], [`moving`]: what somebody owns, and taking it elsewhere
//! - [`older`]: what older versions stored, brought to the form of today; what was never created whole, swept away
//! - [`presence`]: how many look at a snippet

mod creation;
pub mod ending;
pub mod forks;
pub mod history;
pub mod key;
pub mod lifetime;
pub mod lock;
pub mod moving;
pub mod older;
pub mod owner;
pub mod ownership;
mod packing;
pub mod presence;
mod questions;
mod reading;
pub mod relock;
pub mod revision;
mod script;
pub mod store;
pub mod view;
