//! Promise: what the sandbox keeps, one for each kind of hostile program.

use serde::Serialize;

/// One promise about sandboxes. The order is the table's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// What honest programs need is there.
    Usable,
    /// Processor time.
    Cpu,
    /// Wall time.
    Time,
    /// Memory.
    Memory,
    /// Processes and threads.
    Processes,
    /// Disk and descriptors.
    Disk,
    /// Output.
    Output,
    /// What goes in.
    Source,
    /// The compile stage.
    Compile,
    /// Network.
    Network,
    /// User, capabilities, system calls.
    Privileges,
    /// The agent.
    Agent,
    /// Nothing is seen by another.
    Cleanup,
    /// Neighbours at the same time.
    Neighbours,
    /// The host afterwards.
    Host,
}

/// The first word of a program's name, and the promise that it tries.
const KINDS: &[(&str, Promise)] = &[
    ("app", Promise::Usable),
    ("cpu", Promise::Cpu),
    ("time", Promise::Time),
    ("mem", Promise::Memory),
    ("proc", Promise::Processes),
    ("disk", Promise::Disk),
    ("fd", Promise::Disk),
    ("out", Promise::Output),
    ("argv", Promise::Source),
    ("compile", Promise::Compile),
    ("net", Promise::Network),
    ("priv", Promise::Privileges),
    ("agent", Promise::Agent),
    ("leak", Promise::Cleanup),
    ("pair", Promise::Neighbours),
];

impl Promise {
    /// The promise that a program with this name tries.
    #[must_use]
    pub fn tried_by(name: &str) -> Option<Self> {
        let kind = name.split('_').next()?;
        KINDS.iter().find(|(word, _)| *word == kind).map(|(_, promise)| *promise)
    }

    /// The promise in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Usable => "What an honest program needs is there",
            Self::Cpu => "A run gets its share of the processors and no more",
            Self::Time => "Wall time is limited, and the clock is the host's",
            Self::Memory => "Memory is limited, whoever it is counted to, and the outcome says so",
            Self::Processes => "Processes and threads are limited, and all of them end with the run",
            Self::Disk => "Files are limited in bytes and number, and written nowhere else",
            Self::Output => "Output is limited, kept up to the limit, and shown as it is",
            Self::Source => "What is sent in is limited",
            Self::Compile => "A compiler is held to the same limits as a program",
            Self::Network => "There is no network",
            Self::Privileges => "The program is an ordinary user, and most of the kernel is closed to it",
            Self::Agent => "The program cannot stop, read or impersonate the agent",
            Self::Cleanup => "Nothing that a run leaves is seen by another",
            Self::Neighbours => "Runs at the same time do not disturb each other",
            Self::Host => "Nothing is left on the host",
        }
    }
}
