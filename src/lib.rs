//! Paste code, get a random URL, press Run, watch a container run it live, send the link.
//!
//! The map, and who may import whom (`tests/suite/layering.rs` fails on anything else):
//!
//! ```text
//! main → app → web    → snippets, runs, languages, program, seal
//!            → runner → runs, languages, program, protocol
//!            → operator → snippets, runs
//!            → doctor → runner, runs, languages, program
//! snippets, runs → db, program, languages, seal    agent → protocol
//! program → languages (id and list)
//! db → seal          seal, languages, protocol, telemetry, config → nothing of ours
//! web, runner → db::DbError, the error type alone
//! ```

pub mod agent;
#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod db;
#[cfg(feature = "server")]
pub mod doctor;
#[cfg(feature = "server")]
pub mod languages;
#[cfg(feature = "server")]
pub mod operator;
#[cfg(feature = "server")]
pub mod program;
pub mod protocol;
#[cfg(feature = "server")]
pub mod runner;
#[cfg(feature = "server")]
pub mod runs;
#[cfg(feature = "server")]
pub mod seal;
#[cfg(feature = "server")]
pub mod snippets;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "server")]
pub mod web;
