//! The API for curl and programs: each address of the pages, in the forms that a shell can use.
//!
//! - [`create`]: a snippet from a file; [`edit`]: replace and delete with the edit token
//! - [`read`]: a snippet as JSON, or its main file as text
//! - [`run`]: run code, or a saved snippet with some input, and stream what it prints
//! - [`usage`]: what `curl HOST/` says
//! - within: [`body`] and [`sent`] (what came in), [`relay`] and [`framing`] (what goes out)

pub(super) mod create;
pub(super) mod edit;
pub(super) mod read;
pub(super) mod run;
pub(super) mod usage;

pub(super) mod body;
mod framing;
mod relay;
mod sent;
