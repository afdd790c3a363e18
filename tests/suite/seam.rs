//! The seam between web and runner, over a real redis-server and nothing else: what is promised of a run
//! whatever dies.

use std::time::Duration;

use codecube::db::embedded::Embedded;
use codecube::db::{Db, DbError, keys};
use codecube::languages::LanguageId;
use codecube::program::Program;
use codecube::program::file::SourceFile;
use codecube::runs::event::{EventKind, OutputSource};
use codecube::runs::feed::{Feed, Heard, SnippetNews};
use codecube::runs::log::Written;
use codecube::runs::outcome::{Finished, Outcome};
use codecube::runs::queue::{Claims, Entry, Queue};
use codecube::runs::request::{Control, RunId, RunRequest, SnippetRevision};
use codecube::runs::store::{Controlled, QueueLimits, Runs, SubmitError};
use codecube::seal::SealKey;
use redis::AsyncCommands;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const LEASE: Duration = Duration::from_millis(300);

struct Seam {
    runs: Runs,
    feed: Feed,
    db: Db,
    stop: CancellationToken,
    _directory: TempDir,
}

impl Drop for Seam {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn seam(limits: QueueLimits) -> Seam {
    let directory = TempDir::new().unwrap();
    let redis = Embedded::start(directory.path()).await.unwrap();
    let db = Db::connect(&redis.url()).await.unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(redis.supervise(stop.clone()));
    let (feed, _) = Feed::start(db.clone(), stop.clone());
    Seam { runs: Runs::new(db.clone(), limits), feed, db, stop, _directory: directory }
}

fn request(snippet: Option<&str>) -> RunRequest {
    let files = vec![SourceFile::text("main.py", "print(1)")];
    let language = LanguageId("python".into());
    RunRequest {
        stdin_bytes: None,
        program: Program { language, files, arguments: vec![], stdin: None },
        terminal: None,
        snippet: snippet.map(|key| SnippetRevision { key: key.into(), revision: 1 }),
    }
}

fn started() -> EventKind {
    EventKind::Started { language: "python".into(), version: "3".into(), runner: "test".into() }
}

fn output(data: &str) -> EventKind {
    EventKind::Output { stream: OutputSource::Stdout, data: data.into() }
}

impl Seam {
    async fn submitted(&self) -> RunId {
        let id = RunId::random(0);
        self.runs.submit(&id, &request(None), "visitor").await.unwrap();
        id
    }

    fn queue(&self, runner: &str) -> (Queue, Claims) {
        let queue = Queue::new(self.runs.clone(), 0, runner.into(), LEASE);
        let claims = queue.claims();
        (queue, claims)
    }

    async fn handed(&self, queue: &mut Queue) -> Entry {
        queue.next(1).await.unwrap().pop().unwrap()
    }

    async fn log(&self, id: &RunId) -> Vec<EventKind> {
        let events = self.runs.read_log(id, 0, 1000).await.unwrap();
        let numbers: Vec<u64> = events.iter().map(|event| event.id).collect();
        assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>(), "numbers are without gaps");
        events.iter().map(|event| event.kind().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_run_goes_from_submission_to_outcome_and_the_log_tells_it_in_order() {
    let seam = seam(QueueLimits::default()).await;
    let id = seam.submitted().await;
    let (mut queue, claims) = seam.queue("a");
    let entry = seam.handed(&mut queue).await;
    let claim = claims.claim(&entry, &started()).await.unwrap().unwrap();
    assert_eq!(claim.request, request(None));
    seam.runs.append(&id, "a", &[output("1\n"), output("2\n")]).await.unwrap();
    let end = Finished::new(Outcome::Exited, "done");
    seam.runs.finish(&id, "a", &[output("3\n")], end.clone()).await.unwrap();
    let queued = EventKind::Queued { position: 1, waiting: 1 };
    let expected = [queued, started(), output("1\n"), output("2\n"), output("3\n"), EventKind::Finished(end.clone())];
    assert_eq!(seam.log(&id).await, expected);
    assert_eq!(seam.runs.outcome(&id).await.unwrap(), Some(end));
    let left: usize = seam.db.commands().xlen(keys::queue(0)).await.unwrap();
    assert_eq!(left, 0, "the queue entry goes with the run");
}

#[tokio::test]
async fn a_run_is_claimed_once_however_often_it_is_tried() {
    let seam = seam(QueueLimits::default()).await;
    seam.submitted().await;
    let (mut queue, claims) = seam.queue("a");
    let entry = seam.handed(&mut queue).await;
    let (_, other) = seam.queue("b");
    let (event, event_b) = (started(), started());
    let (first, second) = tokio::join!(claims.claim(&entry, &event), other.claim(&entry, &event_b));
    assert_eq!(usize::from(first.unwrap().is_some()) + usize::from(second.unwrap().is_some()), 1);
}

#[tokio::test]
async fn the_first_outcome_wins_and_nothing_follows_it() {
    let seam = seam(QueueLimits::default()).await;
    let id = seam.submitted().await;
    let (mut queue, claims) = seam.queue("a");
    let entry = seam.handed(&mut queue).await;
    claims.claim(&entry, &started()).await.unwrap();
    let end = |outcome| Finished::new(outcome, "x");
    assert_eq!(seam.runs.finish(&id, "b", &[], end(Outcome::Exited)).await.unwrap(), Written::NotOurs);
    assert_eq!(seam.runs.finish(&id, "a", &[], end(Outcome::TimeLimit)).await.unwrap(), Written::Yes);
    assert_eq!(seam.runs.finish(&id, "a", &[], end(Outcome::Exited)).await.unwrap(), Written::NotOurs);
    assert_eq!(seam.runs.append(&id, "a", &[output("late")]).await.unwrap(), Written::NotOurs);
    assert_eq!(seam.runs.outcome(&id).await.unwrap().unwrap().outcome, Outcome::TimeLimit);
    assert!(matches!(seam.log(&id).await.last().unwrap(), EventKind::Finished(_)));
}

#[tokio::test]
async fn a_run_whose_runner_dies_ends_as_lost_and_one_never_claimed_is_taken_over() {
    let seam = seam(QueueLimits::default()).await;
    let (mut queue, claims) = seam.queue("dead");
    let claimed = seam.submitted().await;
    let entry = seam.handed(&mut queue).await;
    claims.claim(&entry, &started()).await.unwrap();
    let unclaimed = seam.submitted().await;
    seam.handed(&mut queue).await;
    let (_, living) = seam.queue("living");
    let (mut lost, mut taken) = (Vec::new(), Vec::new());
    while lost.is_empty() || taken.is_empty() {
        let swept = living.sweep().await.unwrap();
        lost.extend(swept.lost);
        taken.extend(swept.taken_over);
    }
    assert_eq!(lost, std::slice::from_ref(&claimed));
    assert_eq!(seam.runs.outcome(&claimed).await.unwrap().unwrap().outcome, Outcome::RunnerLost);
    assert_eq!(taken[0].run, unclaimed);
    assert!(living.claim(&taken[0], &started()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lease_that_is_renewed_is_not_swept() {
    let seam = seam(QueueLimits::default()).await;
    let id = seam.submitted().await;
    let (mut queue, claims) = seam.queue("a");
    let entry = seam.handed(&mut queue).await;
    claims.claim(&entry, &started()).await.unwrap();
    let (_, other) = seam.queue("b");
    let begin = std::time::Instant::now();
    while begin.elapsed() < LEASE * 3 {
        claims.renew(std::slice::from_ref(&entry.entry)).await.unwrap();
        assert_eq!(other.sweep().await.unwrap().lost, []);
    }
    assert_eq!(seam.runs.outcome(&id).await.unwrap(), None);
}

#[tokio::test]
async fn stop_ends_a_waiting_run_at_once_and_its_runner_never_gets_it() {
    let seam = seam(QueueLimits::default()).await;
    let id = seam.submitted().await;
    assert_eq!(seam.runs.control(&id, &Control::Stop).await.unwrap(), Controlled::Sent);
    assert_eq!(seam.runs.outcome(&id).await.unwrap().unwrap().outcome, Outcome::Stopped);
    assert_eq!(seam.runs.control(&id, &Control::Stop).await.unwrap(), Controlled::Ended);
    assert_eq!(seam.runs.waiting(0).await.unwrap(), 0);
    let left: usize = seam.db.commands().xlen(keys::queue(0)).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_typed_before_and_after_the_claim_reaches_the_runner_in_order() {
    let seam = seam(QueueLimits::default()).await;
    let mut heard = seam.feed.follow_controls("a");
    assert_eq!(heard.next().await, Heard::Gap, "the subscription stands");
    let id = seam.submitted().await;
    let typed = |text: &str| Control::Input { data: text.into() };
    seam.runs.control(&id, &typed("early")).await.unwrap();
    let (mut queue, claims) = seam.queue("a");
    let entry = seam.handed(&mut queue).await;
    let claim = claims.claim(&entry, &started()).await.unwrap().unwrap();
    assert_eq!(claim.said.iter().map(|(_, control)| control).collect::<Vec<_>>(), [&typed("early")]);
    seam.runs.control(&id, &typed("late")).await.unwrap();
    let (run, number, control) = loop {
        if let Heard::Said { run, number, control } = heard.next().await {
            break (run, number, control);
        }
    };
    assert_eq!((run, control), (id.clone(), typed("late")));
    assert_eq!(seam.runs.said_after(&id, Some(&claim.said[0].0)).await.unwrap(), [(number, typed("late"))]);
}

#[tokio::test]
async fn more_input_than_is_kept_is_refused_and_stop_still_works() {
    let limits = QueueLimits { input_bytes: 200, ..QueueLimits::default() };
    let seam = seam(limits).await;
    let id = seam.submitted().await;
    let flood = Control::Input { data: "x".repeat(300) };
    assert_eq!(seam.runs.control(&id, &flood).await.unwrap(), Controlled::TooMuch);
    let key = Control::Input { data: "k".into() };
    while seam.runs.control(&id, &key).await.unwrap() == Controlled::Sent {}
    assert_eq!(seam.runs.control(&id, &Control::Stop).await.unwrap(), Controlled::Sent);
}

#[tokio::test]
async fn the_queue_is_bounded_and_so_is_one_visitors_share() {
    let seam = seam(QueueLimits { waiting: 3, per_visitor: 2, ..QueueLimits::default() }).await;
    let submit = |visitor: &'static str| {
        let runs = seam.runs.clone();
        async move { runs.submit(&RunId::random(0), &request(None), visitor).await }
    };
    submit("a").await.unwrap();
    submit("a").await.unwrap();
    assert!(matches!(submit("a").await, Err(SubmitError::VisitorLimit(2))));
    submit("b").await.unwrap();
    assert!(matches!(submit("c").await, Err(SubmitError::QueueFull(3))));
}

#[tokio::test]
async fn the_end_of_a_run_gives_its_visitor_the_share_back() {
    let seam = seam(QueueLimits { per_visitor: 1, ..QueueLimits::default() }).await;
    for _ in 0..3 {
        let id = seam.submitted().await;
        seam.runs.control(&id, &Control::Stop).await.unwrap();
    }
}

#[tokio::test]
async fn waiting_runs_are_told_when_they_move_up() {
    let seam = seam(QueueLimits::default()).await;
    let first = seam.submitted().await;
    let second = seam.submitted().await;
    let (_, claims) = seam.queue("a");
    seam.runs.control(&first, &Control::Stop).await.unwrap();
    assert_eq!(claims.tell_positions().await.unwrap(), 1);
    claims.tell_positions().await.unwrap();
    let told = |position, waiting| EventKind::Queued { position, waiting };
    assert_eq!(seam.log(&second).await, [told(2, 2), told(1, 1)]);
}

#[tokio::test]
async fn followers_get_every_event_once_whether_they_come_early_late_or_in_the_middle() {
    let seam = seam(QueueLimits::default()).await;
    let id = RunId::random(0);
    let early = seam.feed.follow_log(&seam.runs, id.clone(), 0);
    seam.runs.submit(&id, &request(None), "visitor").await.unwrap();
    let (mut queue, claims) = seam.queue("a");
    let entry = seam.handed(&mut queue).await;
    claims.claim(&entry, &started()).await.unwrap();
    let read = |mut follower: codecube::runs::feed::LogFollower| {
        tokio::spawn(async move {
            let mut numbers = Vec::new();
            while let Some(event) = follower.next().await.unwrap() {
                numbers.push(event.id);
            }
            numbers
        })
    };
    let early = read(early);
    let mut readers = Vec::new();
    for index in 0..500 {
        seam.runs.append(&id, "a", &[output(&format!("{index}\n"))]).await.unwrap();
        if index % 100 == 50 {
            readers.push((index, read(seam.feed.follow_log(&seam.runs, id.clone(), index))));
        }
    }
    seam.runs.finish(&id, "a", &[], Finished::new(Outcome::Exited, "done")).await.unwrap();
    let late = read(seam.feed.follow_log(&seam.runs, id.clone(), 0));
    let all: Vec<u64> = (1..=503).collect();
    assert_eq!(early.await.unwrap(), all);
    assert_eq!(late.await.unwrap(), all);
    for (after, reader) in readers {
        assert_eq!(reader.await.unwrap(), (after + 1..=503).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_killed_redis_loses_nothing_acknowledged_and_followers_go_on_by_themselves() {
    let seam = seam(QueueLimits::default()).await;
    let id = seam.submitted().await;
    let mut follower = seam.feed.follow_log(&seam.runs, id.clone(), 0);
    assert_eq!(follower.next().await.unwrap().unwrap().id, 1);
    let mut commands = seam.db.commands();
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut commands).await.unwrap();
    let process = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap().trim().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::Signal::SIGKILL).unwrap();
    let runs = seam.runs.clone();
    crate::server::until("redis is back", || async { runs.control(&id, &Control::Stop).await.is_ok() }).await;
    let event = loop {
        // While Redis is away the log cannot be read; asking again goes on from the same place.
        if let Ok(event) = follower.next().await {
            break event.unwrap();
        }
    };
    assert!(event.is_finished());
}

#[tokio::test]
async fn a_snippets_viewers_hear_of_its_runs_and_the_one_before_gets_a_lifetime() {
    let seam = seam(QueueLimits::default()).await;
    seam.db.commands().hset::<_, _, _, ()>(keys::snippet("abc"), "head", 1).await.unwrap();
    let mut news = seam.feed.follow_snippet("abc");
    assert_eq!(news.next().await, SnippetNews::Gap);
    let mut submitted = Vec::new();
    for _ in 0..2 {
        let id = RunId::random(0);
        let request = request(Some("abc"));
        seam.runs.submit(&id, &request, "visitor").await.unwrap();
        seam.runs.announce(&id, request.snippet.as_ref().unwrap()).await.unwrap();
        let heard = loop {
            match news.next().await {
                SnippetNews::Gap => {}
                heard => break heard,
            }
        };
        assert_eq!(heard, SnippetNews::Run { run: id.clone() });
        seam.runs.control(&id, &Control::Stop).await.unwrap();
        submitted.push(id);
    }
    assert_eq!(seam.runs.latest_of("abc").await.unwrap().map(|run| run.id).as_ref(), submitted.last());
    let mut life = Vec::new();
    for id in &submitted {
        let seconds: i64 = seam.db.commands().ttl(keys::run(0, id.as_str())).await.unwrap();
        life.push(seconds);
    }
    assert!(life[0] > 0 && life[1] == -1, "{life:?}");
}

#[tokio::test]
async fn a_sealed_run_is_refused_without_a_secret_and_ended_in_words_by_a_runner_with_another() {
    let seam = seam(QueueLimits::default()).await;
    let refused = seam.runs.submit(&RunId::random_sealed(0), &request(None), "visitor").await;
    assert!(matches!(refused, Err(SubmitError::Db(DbError::NoSecret))), "{refused:?}");
    let with = |secret| Runs::new(seam.db.clone().with_secret(secret), QueueLimits::default());
    let web = with(Some(SealKey::random()));
    for runner in [with(Some(SealKey::random())), with(None)] {
        let id = RunId::random_sealed(0);
        web.submit(&id, &request(None), "visitor").await.unwrap();
        let mut queue = Queue::new(runner, 0, "a".into(), LEASE);
        let entry = seam.handed(&mut queue).await;
        assert_eq!(entry.language.0, "", "nobody without the secret learns it");
        assert_eq!(queue.claims().claim(&entry, &started()).await.unwrap(), None);
        let finished = web.outcome(&id).await.unwrap().unwrap();
        assert!(
            finished.outcome == Outcome::CouldNotStart && finished.message.contains("--secret-file"),
            "{finished:?}"
        );
        assert!(web.read_log(&id, 0, 10).await.unwrap().pop().unwrap().is_finished());
    }
}
