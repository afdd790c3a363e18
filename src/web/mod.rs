//! Web: everything that speaks HTTP and WebSocket with visitors. Runs are executed elsewhere; web meets the
//! runners in `runs` only.
//!
//! - [`routes`]: the table of addresses; `server`: the listening server
//! - pages: `snippet_page`, `fresh_page`, `run_form`, `file_form`, `run_result`, `history`, `raw`, `archive`, `assets`, `health`
//! - `api`: the same for curl and programs; `removal`
//! - the socket: `run_socket` (the actor), `viewer` (its logic; `viewer_commands`, `viewer_watch`), `messages`, `followed`, `inbox`, `crowd`
//! - `colour`: code and output with colours, for pages without a script; `last_run`; `kept_page`, `language_list`
//! - `secrets`: passwords, burning, log-in; `owned`: one's own snippets; `contact`, `qr`
//! - `sharing`: a snippet in other sites: embed, oEmbed, picture
//! - around every answer: `error`, `story`, `refusal`, `excess`, `error_page`, `accept`, `links`, `headers`,
//!   `access`, `origin`, `network`, `rates`, `shares`, `query`, `posted`, `urlencoded`, `visitor`

pub mod rates;
pub mod routes;
pub mod server;
pub mod settings;
pub mod state;

mod accept;
mod access;
mod api;
mod archive;
mod arguments;
mod assets;
mod colour;
mod contact;
mod crowd;
mod error;
mod error_page;
mod excess;
mod file_form;
mod followed;
mod fork_of;
mod form_fields;
mod fresh_page;
mod headers;
mod health;
mod history;
mod inbox;
mod kept_page;
mod language_list;
mod last_run;
mod links;
mod messages;
mod moment;
mod network;
mod note;
mod origin;
mod owned;
mod posted;
mod qr;
mod query;
mod raw;
mod readiness;
mod refusal;
mod removal;
mod run_form;
mod run_result;
mod run_socket;
mod secrets;
mod shares;
mod sharing;
mod snippet_data;
mod snippet_page;
mod story;
mod submission;
mod text_field;
mod urlencoded;
mod view;
mod viewer;
mod viewer_commands;
mod viewer_watch;
mod visitor;
