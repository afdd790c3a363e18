//! Every key and channel name in Redis, and how long what is under it lives.
//! What one transaction or script touches shares a hash tag (the braces), so a Redis Cluster serves it.

use std::time::Duration;

/// How long a run that no snippet shows any more is kept.
pub const RUN_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long input for a run waits for its runner at most.
pub const INPUT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// How many runs of one snippet its stream names, about.
pub const RUNS_PER_SNIPPET: usize = 100;

/// Characters of every random part: no look-alikes (0/O, 1/l/I), nothing that a URL would escape.
pub const ALPHABET: [char; 57] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q',
    'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

/// How many revisions of a snippet are kept; the oldest go first.
pub const REVISIONS_PER_SNIPPET: u64 = 200;

/// How many forks a snippet names; the oldest go first.
pub const FORKS_PER_SNIPPET: u64 = 200;

/// For how long a deleted snippet can be had back.
pub const UNDELETE_WITHIN: Duration = Duration::from_secs(60);

/// How long the runs of a deleted snippet are kept: until it cannot be had back, and none of them still runs.
pub const DELETED_RUN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Name of the consumer group of every queue.
pub const QUEUE_GROUP: &str = "runners";

/// Hash: a snippet. Lives until its expiry, or until it is deleted.
///
/// Owner, head, created, expires, forked from, lock, burns; for each kept revision its content (`revision:N`) and what
/// lists say of it (`summary:N`). A mark alone (`gone`) once it was burnt or removed.
#[must_use]
pub fn snippet(key: &str) -> String {
    ["{snippet:", key, "}"].concat()
}

/// Hash: revision number → revision, of a snippet that an older version of this program stored.
#[must_use]
pub fn older_revisions(key: &str) -> String {
    format!("{{snippet:{key}}}:revisions")
}

/// List: number, time and summary of each revision, newest last; of such a snippet.
#[must_use]
pub fn older_history(key: &str) -> String {
    format!("{{snippet:{key}}}:history")
}

/// Sorted set: keys of this snippet's forks that anybody may know of, scored by when they were made. Lives with the snippet.
#[must_use]
pub fn snippet_forks(key: &str) -> String {
    format!("{{snippet:{key}}}:forks")
}

/// A snippet before it stands at its place: there for a moment, unless the place is taken. `try_id` is like no other's.
#[must_use]
pub fn snippet_aside(key: &str, try_id: &str) -> String {
    ["{snippet:", key, "}:aside:", try_id].concat()
}

/// Stream: the runs of this snippet, newest last. Lives with the snippet.
#[must_use]
pub fn snippet_runs(key: &str) -> String {
    format!("{{snippet:{key}}}:runs")
}

/// Sorted set: who looks at the snippet now, scored by when that is no longer believed.
#[must_use]
pub fn snippet_viewers(key: &str) -> String {
    format!("{{snippet:{key}}}:viewers")
}

/// String, for a moment: the crowd that looks at the snippet has been told its number just now.
#[must_use]
pub fn snippet_crowd(key: &str) -> String {
    format!("{{snippet:{key}}}:crowd")
}

/// Channel: what those who look at the snippet should know at once (a new run, the number of viewers).
#[must_use]
pub fn snippet_channel(key: &str) -> String {
    format!("{{snippet:{key}}}:news")
}

/// What [`snippet`] names look like, as a pattern of Redis; no other name does.
pub const ALL_SNIPPETS: &str = "{snippet:????????????}";

/// What [`snippet_aside`] names look like.
pub const ALL_ASIDE: &str = "{snippet:????????????}:aside:*";

/// The key in a name that [`snippet`] made.
#[must_use]
pub fn key_of_snippet(name: &str) -> Option<&str> {
    name.strip_prefix("{snippet:")?.strip_suffix('}')
}

/// Text: a snippet was here that is deleted, or ends at a time. [`MARK_LIFETIME`] longer than that: who keeps the old link
/// must not find what a stranger put there.
#[must_use]
pub fn snippet_was(key: &str) -> String {
    format!("{{snippet:{key}}}:was")
}

/// How long it is remembered that a snippet was here which is burnt, removed, deleted or over; its key is nobody's as long.
pub const MARK_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Sorted set: keys of the snippets of one owner, scored by when they were created.
///
/// A list to look at; whose a snippet is, it says itself. An owner's first is not on it where its key follows from the
/// owner's hash.
#[must_use]
pub fn owner_snippets(owner_hash: &str) -> String {
    format!("{{owner:{owner_hash}}}:snippets")
}

/// Present when snippets of before those lists are on them.
pub const OWNERS_LISTED: &str = "owners:listed";

/// How long a link to another device can be used.
pub const MOVE_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Text: what a link to another device carries. [`MOVE_WITHIN`], or until it is used.
#[must_use]
pub fn moving(fingerprint: &str) -> String {
    format!("{{moving:{fingerprint}}}")
}

/// Stream with one consumer group: runs that wait or run; an entry is removed when its run ends.
#[must_use]
pub fn queue(shard: u16) -> String {
    format!("{{runs:{shard}}}:queue")
}

/// Sorted set: ids of runs that nobody has claimed, scored by when they came.
#[must_use]
pub fn waiting(shard: u16) -> String {
    format!("{{runs:{shard}}}:waiting")
}

/// Set: runs of one visitor that have not ended; expires an hour after the last submission.
#[must_use]
pub fn visitor(shard: u16, visitor: &str) -> String {
    format!("{}{visitor}", visitor_prefix(shard))
}

/// What [`visitor`] keys start with.
#[must_use]
pub fn visitor_prefix(shard: u16) -> String {
    format!("{{runs:{shard}}}:visitor:")
}

/// Hash: one run's request, state, runner and outcome. [`RUN_LIFETIME`]; the latest of a snippet lives with it.
#[must_use]
pub fn run(shard: u16, id: &str) -> String {
    format!("{{runs:{shard}}}:{id}")
}

/// Stream: one run's events. Lives as long as the run. The channel of the same name carries each as it comes.
#[must_use]
pub fn run_log(shard: u16, id: &str) -> String {
    format!("{{runs:{shard}}}:{id}:log")
}

/// The run's id in a name that [`run_log`] made.
#[must_use]
pub fn run_of_log(name: &str) -> Option<&str> {
    name.strip_prefix("{runs:")?.split_once("}:")?.1.strip_suffix(":log")
}

/// Stream: what viewers typed for the run; removed when it ends.
#[must_use]
pub fn run_input(shard: u16, id: &str) -> String {
    format!("{{runs:{shard}}}:{id}:input")
}

/// Hash: runner id → its last report. A report older than a lease counts for nothing.
pub const RUNNERS: &str = "runners";

/// Channel: what viewers say to the runs of this runner.
#[must_use]
pub fn runner_channel(runner: &str) -> String {
    format!("{RUNNER_CHANNEL_PREFIX}{runner}")
}

/// What [`runner_channel`] names start with.
pub const RUNNER_CHANNEL_PREFIX: &str = "runner:";
