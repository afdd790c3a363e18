//! Paste code, get a random URL, press Run, watch a container run it live, send the link.
//!
//! The map, and who may import whom (`tests/suite/layering.rs` fails on anything else):
//!
//! ```text
//! main → app → web    → snippets, runs, languages, program
//!            → runner → runs, languages, program, protocol
//! snippets, runs → db, program, languages          agent → protocol
//! program → languages (id and list)
//! db, languages, protocol, telemetry, config → nothing of ours
//! ```

pub mod config;
pub mod db;
pub mod languages;
pub mod program;
pub mod protocol;
pub mod runs;
pub mod snippets;
pub mod telemetry;
pub mod web;
