//! Watch: holds a sandbox to its limits from outside, and passes on what it says to the journal.
//! The agent enforces the same limits inside; this is for an agent that cannot, or no longer does.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::protocol::{End, FromAgent, Stage};
use crate::runner::job::RunLimits;
use crate::runner::journal::Journal;
use crate::runs::event::{EventKind, StageName};
use crate::runs::outcome::Outcome;

/// How long after a limit the agent may need to say so.
const GRACE: Duration = Duration::from_secs(2);
/// How long the agent may need to write the files and begin.
const BEGIN: Duration = Duration::from_secs(10);
/// Messages about use that are believed.
const USAGES_AT_FIRST: u64 = 10;
const USAGES_PER_SECOND: u64 = 4;
/// A program that prints nothing counts as begun after this.
const BEGINNING: Duration = Duration::from_millis(50);

/// Why following a sandbox ended.
pub(super) enum Ended {
    /// The agent reported the end; nothing of the program is left.
    Reported(Box<End>),
    /// A limit was enforced from outside; the program may still run.
    Enforced(Outcome),
    /// The stream ended or became useless.
    Broken,
    /// The sandbox's stream ended: the container did, or somebody removed it.
    Gone,
    /// The server ends; this sentence says so.
    Leaving,
    /// The log takes nothing more of this run.
    Unwritten,
}

/// One run's figures as the runner sees them.
pub(super) struct Watch {
    limits: RunLimits,
    began: Instant,
    pub(super) stage: Option<Stage>,
    pub(super) deadline: Instant,
    pub(super) output_bytes: u64,
    stop_asked: bool,
    usages: u64,
    /// Held until the program prints, ends, or has had its beginning.
    turn: Option<OwnedSemaphorePermit>,
}

impl Watch {
    pub(super) fn new(limits: RunLimits, turn: OwnedSemaphorePermit) -> Self {
        let now = Instant::now();
        let deadline = now + BEGIN;
        Self {
            limits,
            began: now,
            stage: None,
            deadline,
            output_bytes: 0,
            stop_asked: false,
            usages: 0,
            turn: Some(turn),
        }
    }

    /// When the turn to begin is over; `None` when it is.
    pub(super) fn turn_ends(&self) -> Option<Instant> {
        self.turn.as_ref().map(|_| self.began + BEGINNING)
    }

    /// The next run may begin.
    pub(super) fn end_turn(&mut self) {
        self.turn = None;
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Somebody asked for the end: the agent has a moment to bring it about.
    pub(super) fn stop_asked(&mut self) {
        self.stop_asked = true;
        self.deadline = self.deadline.min(Instant::now() + GRACE);
    }

    /// The deadline is over.
    pub(super) fn overdue(&self) -> Ended {
        match self.stage {
            _ if self.stop_asked => Ended::Enforced(Outcome::Stopped),
            Some(_) => Ended::Enforced(Outcome::TimeLimit),
            None => Ended::Broken,
        }
    }

    /// Takes one message; gives back why the run is over, if it is.
    pub(super) fn take(&mut self, message: FromAgent, journal: &Journal) -> Option<Ended> {
        match message {
            // Our agent never says nothing; another could say it for ever.
            FromAgent::Output(_, bytes) if bytes.is_empty() => Some(Ended::Broken),
            FromAgent::Output(stream, bytes) => {
                self.end_turn();
                let room = self.limits.output_bytes.saturating_sub(self.output_bytes);
                let kept = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
                self.output_bytes += kept as u64;
                if kept > 0 {
                    journal.output(stream, &bytes[..kept]);
                }
                (kept < bytes.len()).then_some(Ended::Enforced(Outcome::OutputLimit))
            }
            FromAgent::Stage(stage) => self.enter(stage, journal),
            FromAgent::Usage(_) if self.is_usage_flood() => Some(Ended::Broken),
            FromAgent::Usage(usage) => {
                journal.usage(usage);
                None
            }
            FromAgent::End(end) => Some(Ended::Reported(Box::new(end))),
            FromAgent::Ready(_) => Some(Ended::Broken),
        }
    }

    /// Our agent tells about once a second; each figure becomes an event in the log.
    fn is_usage_flood(&mut self) -> bool {
        self.usages += 1;
        self.usages > USAGES_AT_FIRST + USAGES_PER_SECOND * self.elapsed().as_secs()
    }

    /// Stages come once each and in order; anything else is not our agent's word.
    fn enter(&mut self, stage: Stage, journal: &Journal) -> Option<Ended> {
        let (name, limit) = match (self.stage, stage) {
            (None, Stage::Compile) => (StageName::Compile, self.limits.compile_wall),
            (None | Some(Stage::Compile), Stage::Run) => (StageName::Run, self.limits.wall),
            _ => return Some(Ended::Broken),
        };
        self.stage = Some(stage);
        if !self.stop_asked {
            self.deadline = Instant::now() + limit + GRACE;
        }
        journal.event(EventKind::Stage { name });
        None
    }
}
