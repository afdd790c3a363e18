//! Execute: one run, from the queue's entry to its outcome.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::languages::{Language, Languages};
use crate::protocol::{End, FromAgent};
use crate::runner::budget::Share;
use crate::runner::configuration::SandboxLimits;
use crate::runner::docker::EngineError;
use crate::runner::health::Health;
use crate::runner::job::{self, RunLimits};
use crate::runner::journal::{Journal, WritingEnd};
use crate::runner::outcome;
use crate::runner::pool::Pool;
use crate::runner::sandbox::{Sandbox, SandboxError};
use crate::runner::talk::Talk;
use crate::runner::traffic::{Passage, Traffic};
use crate::runner::watch::{Ended, Watch};
use crate::runner::{Limits, broken};
use crate::runs::event::EventKind;
use crate::runs::outcome::{Finished, Outcome};
use crate::runs::queue::{Claim, Claims, Entry};
use crate::runs::store::Runs;

/// Pause before Redis is asked again.
const RETRY: Duration = Duration::from_millis(200);
/// How often a sandbox is tried for one run when the Engine refuses.
const START_TRIES: usize = 2;

/// What all runs of this runner share.
pub(super) struct Context {
    pub(super) runs: Runs,
    pub(super) claims: Claims,
    pub(super) languages: Arc<Languages>,
    pub(super) limits: Limits,
    pub(super) sandbox_limits: SandboxLimits,
    pub(super) name: String,
    pub(super) runner: String,
    pub(super) lease: Duration,
    pub(super) pool: Arc<Pool>,
    pub(super) health: Arc<Health>,
    pub(super) traffic: Arc<Traffic>,
    /// Turns to begin. Programs that all begin at once share the processors, so that the first is as late as
    /// the last; in turns of twice the processors none is later, and most are much earlier.
    pub(super) beginnings: Arc<Semaphore>,
    /// Nothing new is begun.
    pub(super) stop: CancellationToken,
    /// What still runs ends now.
    pub(super) leaving: CancellationToken,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is off our hands.
    Done,
    /// It is still in our name, unclaimed: whoever sweeps after the lease takes it over.
    Left,
}

/// What the sandbox of this entry's run may take; the common limits for one that will be refused.
pub(super) fn limits_of(context: &Context, entry: &Entry) -> SandboxLimits {
    let language = context.languages.get(&entry.language);
    language.map_or(context.sandbox_limits, |language| {
        RunLimits::of(language, &context.limits).of_sandbox(&context.sandbox_limits)
    })
}

/// Executes the run of this entry; without a share it waits for one.
pub(super) async fn execute(context: &Context, entry: &Entry, share: Option<Share>) -> Fate {
    let Some(passage) = context.traffic.enter(entry) else {
        return Fate::Done;
    };
    let language = match find_language(context, entry) {
        Ok(language) => language,
        Err(sentence) => return refuse(context, entry, sentence).await,
    };
    let limits = RunLimits::of(language, &context.limits);
    // The sandbox comes before the claim: a run that cannot start now stays in the queue, for whoever can.
    let sandbox = match obtain(context, language, &limits, share).await {
        Ok(sandbox) => sandbox,
        Err(Missing::Left) => return Fate::Left,
        Err(Missing::Sandbox(sentence)) => return refuse(context, entry, sentence).await,
    };
    let turn = context.beginnings.clone().acquire_owned().await.expect("nobody closes the semaphore");
    let Some(claim) = claim(context, entry).await else {
        context.pool.give_back(sandbox, &limits.of_sandbox(&context.sandbox_limits));
        return Fate::Done;
    };
    passage.claimed();
    Performance { context, entry, passage, language, limits }.perform(sandbox, claim, turn).await;
    Fate::Done
}

enum Missing {
    Left,
    Sandbox(String),
}

fn find_language<'a>(context: &'a Context, entry: &Entry) -> Result<&'a Language, String> {
    let Some(language) = context.languages.get(&entry.language) else {
        return Err(format!("This server does not know the language {}.", entry.language));
    };
    let image = context.health.image();
    if !image.versions.is_empty() && !image.versions.contains_key(&language.id) {
        return Err(format!("{} is not installed on this server.", language.name));
    }
    Ok(language)
}

async fn obtain(
    context: &Context,
    language: &Language,
    limits: &RunLimits,
    mut share: Option<Share>,
) -> Result<Sandbox, Missing> {
    let limits = limits.of_sandbox(&context.sandbox_limits);
    context.pool.note(&language.id);
    let mut tries = 0;
    loop {
        let share = match share.take() {
            Some(share) => share,
            None => take_share(context, &limits).await?,
        };
        let error = match context.pool.take(&language.id, &limits, share).await {
            Ok(sandbox) => return Ok(sandbox),
            Err(error) => error,
        };
        tries += 1;
        tracing::warn!(%error, "a run has no sandbox yet");
        match error {
            SandboxError::Engine(error) if error.is_engine_away() => {
                tokio::select! {
                    () = context.health.well() => {}
                    () = context.stop.cancelled() => return Err(Missing::Left),
                }
            }
            SandboxError::Engine(EngineError::Refused(_)) if tries < START_TRIES => {}
            error => return Err(Missing::Sandbox(no_sandbox(&error))),
        }
    }
}

async fn take_share(context: &Context, limits: &SandboxLimits) -> Result<Share, Missing> {
    let budget = &context.pool.budget;
    if budget.holds(limits) == 0 {
        return Err(Missing::Sandbox("The language needs more memory than this server gives to all runs.".to_owned()));
    }
    budget.take(limits, || !context.stop.is_cancelled()).await.ok_or(Missing::Left)
}

fn no_sandbox(error: &SandboxError) -> String {
    let reason = match error {
        SandboxError::Engine(EngineError::TimedOut(..)) => "the Docker Engine took too long",
        SandboxError::Engine(EngineError::Gone(_)) => "its image is missing on this server",
        SandboxError::Engine(EngineError::Refused(text)) if text.contains("no space left on device") => {
            "the server is out of disk space"
        }
        SandboxError::Version(_) | SandboxError::NotReady => {
            "the image on this server does not fit; it must be built again"
        }
        _ => "the Docker Engine refused it",
    };
    format!("No sandbox could be started: {reason}.")
}

/// Makes the run ours. `None` when it is not, or when it never will be.
async fn claim(context: &Context, entry: &Entry) -> Option<Claim> {
    let version = context.health.image().versions.get(&entry.language).cloned().unwrap_or_default();
    let started = EventKind::Started { language: entry.language.0.clone(), version, runner: context.name.clone() };
    let first_try = Instant::now();
    let mut in_doubt = false;
    loop {
        match context.claims.claim(entry, &started).await {
            Ok(None) if in_doubt => break,
            Ok(claim) => return claim,
            Err(error) => tracing::warn!(run.id = %entry.run, %error, "a run cannot be claimed"),
        }
        in_doubt = true;
        if first_try.elapsed() > context.lease {
            return None;
        }
        sleep(RETRY).await;
    }
    // A claim whose answer was lost cannot be asked again; it has no effect where the run is not ours.
    finish(context, entry, "Storage failed at the start of the run. Run it again.".to_owned()).await;
    None
}

async fn refuse(context: &Context, entry: &Entry, sentence: String) -> Fate {
    if claim(context, entry).await.is_some() {
        finish(context, entry, sentence).await;
    }
    Fate::Done
}

async fn finish(context: &Context, entry: &Entry, sentence: String) {
    let journal = context.journal(entry);
    journal.close(Finished::new(Outcome::CouldNotStart, sentence));
    journal.write().await;
}

impl Context {
    pub(super) fn journal(&self, entry: &Entry) -> Journal {
        Journal::new(self.runs.clone(), entry.run.clone(), self.runner.clone(), self.lease)
    }
}

/// One claimed run with all that belongs to it.
struct Performance<'a> {
    context: &'a Context,
    entry: &'a Entry,
    passage: Passage,
    language: &'a Language,
    limits: RunLimits,
}

/// Returns at that time, never without one.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// What can happen while a run is followed.
enum Event {
    Said(Result<FromAgent, SandboxError>),
    WritingEnded,
    StopAsked,
    Overdue,
    Begun,
    Leaving,
}

impl Performance<'_> {
    async fn perform(&self, mut sandbox: Sandbox, claim: Claim, turn: OwnedSemaphorePermit) {
        let journal = self.context.journal(self.entry);
        let mut writing = pin!(journal.write());
        let mut watch = Watch::new(self.limits, turn);
        let ended = self.follow(&mut sandbox, claim, &mut watch, (&journal, writing.as_mut())).await;
        watch.end_turn();
        self.passage.cooled();
        let Some(outcome) = self.conclude(ended, sandbox, &watch).await else {
            return;
        };
        tracing::info!(run.id = %self.entry.run, language = %self.language.id, outcome = ?outcome.outcome,
            wall_ms = outcome.wall_ms, "a run ended");
        journal.close(outcome);
        writing.await;
    }

    /// Follows the sandbox until something ends the run. Its stream is drained all the time.
    async fn follow(
        &self,
        sandbox: &mut Sandbox,
        claim: Claim,
        watch: &mut Watch,
        (journal, mut writing): (&Journal, Pin<&mut impl Future<Output = WritingEnd>>),
    ) -> Ended {
        tracing::debug!(run.id = %self.entry.run, container = sandbox.slot.container, "a run has its sandbox");
        let talk = Talk::default();
        let mut job = job::build(&claim.request, self.language, &self.limits);
        if self.context.pool.gvisor() {
            job::spare_gvisor(&mut job);
        }
        let last = claim.said.last().map(|(number, _)| number.clone());
        claim.said.into_iter().for_each(|(_, control)| talk.say(control));
        let listen = talk.listen(&self.context.runs, &self.entry.run, &self.passage.said, last);
        let mut talking = pin!(async { tokio::join!(talk.send(&mut sandbox.input, job), listen) });
        loop {
            let event = tokio::select! {
                biased;
                _ = writing.as_mut() => Event::WritingEnded,
                ((), never) = talking.as_mut() => match never {},
                () = talk.stop_asked() => Event::StopAsked,
                () = self.context.leaving.cancelled() => Event::Leaving,
                () = sleep_until(watch.deadline) => Event::Overdue,
                () = until(watch.turn_ends()) => Event::Begun,
                said = sandbox.frames.next() => Event::Said(said),
            };
            let ended = match event {
                Event::Said(Ok(message)) => watch.take(message, journal),
                Event::Said(Err(error)) => {
                    tracing::warn!(run.id = %self.entry.run, %error, "a sandbox broke off in the middle of a run");
                    Some(if matches!(error, SandboxError::Ended) { Ended::Gone } else { Ended::Broken })
                }
                Event::WritingEnded => Some(Ended::Unwritten),
                Event::StopAsked => {
                    watch.stop_asked();
                    None
                }
                Event::Overdue => Some(watch.overdue()),
                Event::Begun => {
                    watch.end_turn();
                    None
                }
                Event::Leaving => Some(Ended::Leaving),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Gets rid of the sandbox and finds the words; `None` when nobody would read them.
    async fn conclude(&self, ended: Ended, sandbox: Sandbox, watch: &Watch) -> Option<Finished> {
        let pool = &self.context.pool;
        let outcome = match ended {
            Ended::Reported(end) => {
                pool.discard_used(sandbox, left_mb(&end, &self.limits));
                return Some(outcome::reported(&end, &self.limits, watch.output_bytes));
            }
            Ended::Unwritten => {
                pool.discard_now(sandbox);
                return None;
            }
            Ended::Leaving => {
                pool.discard_now(sandbox);
                Finished::new(Outcome::Interrupted, "The server is restarting; run it again.")
            }
            Ended::Enforced(outcome) => {
                pool.discard_now(sandbox);
                outcome::enforced(outcome, watch.stage, &self.limits)
            }
            Ended::Broken => {
                pool.discard_now(sandbox);
                self.context.health.suspect();
                outcome::enforced(Outcome::Interrupted, watch.stage, &self.limits)
            }
            Ended::Gone => {
                let why = broken::why(&pool.engine, &sandbox.slot.container, pool.gvisor()).await;
                pool.discard_now(sandbox);
                self.context.health.suspect();
                outcome::enforced(why, watch.stage, &self.limits)
            }
        };
        let wall_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Some(Finished { wall_ms, output_bytes: watch.output_bytes, ..outcome })
    }
}

/// What an ended program may still hold. Where the kernel does not tell it may be all.
fn left_mb(end: &End, limits: &RunLimits) -> u64 {
    if end.left_memory_bytes == 0 { limits.memory_mb } else { (end.left_memory_bytes >> 20) + 1 }
}
