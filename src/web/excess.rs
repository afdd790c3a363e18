//! What is too large to be taken, and the sentence that names the limit. A program that came whole and is too large for
//! one says so itself ([`crate::program::ProgramError`]); here is what was not even read to its end.

use actix_web::http::StatusCode;

use crate::program::{ProgramLimits, Size};
use crate::web::story::{Story, story};

/// What there is too much of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Excess {
    /// A body that is one file.
    Source(ProgramLimits),
    /// A body that is a run's input.
    Input(ProgramLimits),
    /// A form with files, arguments and input.
    Program(ProgramLimits),
    /// Files that were chosen to be added to a form.
    Chosen(ProgramLimits),
    /// Files or fields of a form.
    Files(ProgramLimits),
    /// A body that is none of these.
    Body,
}

impl Excess {
    /// What the visitor is told of it.
    pub(super) fn story(self) -> Story {
        let message = match self {
            Self::Source(limits) => {
                format!("This is more than a snippet can hold: {}. Nothing was kept. Make it smaller.", source(limits))
            }
            Self::Input(limits) => {
                let most = Size(limits.stdin_bytes);
                format!("This is more input than a run is given: {most} at most. Nothing was run. Make it smaller.")
            }
            Self::Program(limits) => {
                let (source, arguments, input) =
                    (source(limits), Size(limits.argument_bytes), Size(limits.stdin_bytes));
                format!(
                    "This is more than a snippet can hold: {source}, {arguments} of arguments and {input} of input. Nothing \
                     was kept. Make it smaller."
                )
            }
            Self::Chosen(limits) => format!("What you chose is more than a snippet can hold: {}.", source(limits)),
            Self::Files(limits) => {
                format!("These are more files than a snippet can hold: {} at most. Nothing was kept.", limits.files)
            }
            Self::Body => "This is more than is taken here. Make it smaller.".to_owned(),
        };
        story(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }
}

fn source(limits: ProgramLimits) -> String {
    format!("{} in all files together", Size(limits.source_bytes))
}
