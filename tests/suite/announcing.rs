//! A run that is announced while its snippet gets a password, or goes: what it prints must not be kept in clear for the
//! snippet's life. The order is forced: the announcing stands still after its first step until the test lets it go on.

use std::pin::pin;

use codecube::db::keys;
use codecube::languages::LanguageId;
use codecube::program::Program;
use codecube::program::file::SourceFile;
use codecube::runs::request::{RunId, RunRequest, SnippetRevision};
use codecube::runs::store::{QueueLimits, Runs};
use codecube::snippets::lifetime::Lifetime;
use codecube::snippets::lock::{Keyring, Lock};
use futures_util::poll;
use redis::AsyncCommands;

use crate::relocking::Storage;
use crate::server::until;

/// A snippet with one announced run.
struct Announcing {
    storage: Storage,
    runs: Runs,
    first: RunId,
}

impl Announcing {
    async fn new() -> Self {
        let storage = Storage::new().await;
        let runs = Runs::new(storage.db.clone(), QueueLimits::default());
        let mut announcing = Self { storage, runs, first: RunId::random(0) };
        announcing.first = announcing.submitted().await;
        // Redis knows the script from here on, so that it is one command.
        announcing.runs.announce(&announcing.first, &announcing.revision()).await.unwrap();
        announcing
    }

    fn revision(&self) -> SnippetRevision {
        SnippetRevision { key: self.storage.key.to_string(), revision: 1 }
    }

    async fn submitted(&self) -> RunId {
        let files = vec![SourceFile::text("main.py", "print(1)")];
        let program = Program { language: LanguageId("python".into()), files, arguments: vec![], stdin: None };
        let request = RunRequest { program, terminal: None, snippet: Some(self.revision()), stdin_bytes: None };
        let id = RunId::random(0);
        self.runs.submit(&id, &request, "visitor").await.unwrap();
        id
    }

    /// Announces a second run, and does something after the run stands on the stream and before it is kept. Gives what
    /// the second and the first have left to live then, seconds; -1 for always.
    async fn around(&self, meanwhile: impl Future<Output = ()>) -> (i64, i64) {
        let (second, revision) = (self.submitted().await, self.revision());
        let mut announce = pin!(self.runs.announce(&second, &revision));
        assert!(poll!(announce.as_mut()).is_pending(), "it waits for Redis");
        let stream = keys::snippet_runs(self.storage.key.as_str());
        until("the run stands on the stream", || async {
            self.storage.db.commands().xlen::<_, usize>(&stream).await.unwrap() == 2
        })
        .await;
        meanwhile.await;
        announce.await.unwrap();
        (self.left(&second).await, self.left(&self.first).await)
    }

    /// The run and its log live equally long.
    async fn left(&self, run: &RunId) -> i64 {
        let mut commands = self.storage.db.commands();
        let left: i64 = commands.ttl(keys::run(0, run.as_str())).await.unwrap();
        let log: i64 = commands.ttl(keys::run_log(0, run.as_str())).await.unwrap();
        assert!((left - log).abs() <= 1, "{left} {log}");
        left
    }
}

fn goes_soon((second, first): (i64, i64)) {
    assert!((1..=600).contains(&second) && (1..=600).contains(&first), "{second} {first}");
}

#[tokio::test]
async fn a_run_announced_while_a_password_is_set_goes_soon_and_so_does_the_one_before() {
    let announcing = Announcing::new().await;
    let storage = &announcing.storage;
    let lock = Lock::new("sesame");
    let left = announcing.around(async {
        storage.relock(Some(&lock), &Keyring::default()).await.unwrap();
        announcing.runs.forget_runs_of(storage.key.as_str()).await.unwrap();
    });
    goes_soon(left.await);
}

#[tokio::test]
async fn a_run_announced_while_its_snippet_is_deleted_goes_soon_and_stays_when_that_is_taken_back() {
    let announcing = Announcing::new().await;
    let (storage, runs) = (&announcing.storage, &announcing.runs);
    let delete = async || {
        storage.snippets.delete(&storage.key, &storage.owner).await.unwrap();
        runs.forget_runs_of(storage.key.as_str()).await.unwrap();
    };
    goes_soon(announcing.around(delete()).await);
    storage.snippets.undelete(&storage.key, &storage.owner).await.unwrap();
    runs.keep_runs_of(storage.key.as_str()).await.unwrap();
    let latest = runs.latest_of(storage.key.as_str()).await.unwrap().unwrap();
    assert_eq!(announcing.left(&latest.id).await, -1);
    assert!(announcing.left(&announcing.first).await > 600);
}

#[tokio::test]
async fn of_two_runs_announced_at_once_only_the_later_lives_with_its_snippet() {
    let announcing = Announcing::new().await;
    let third = announcing.submitted().await;
    let (second, first) =
        announcing.around(async { announcing.runs.announce(&third, &announcing.revision()).await.unwrap() }).await;
    assert_eq!(announcing.left(&third).await, -1);
    assert!(second > 600 && first > 600, "{second} {first}");
}

#[tokio::test]
async fn a_run_announced_while_its_snippet_is_removed_by_the_operator_goes_soon() {
    let announcing = Announcing::new().await;
    let storage = &announcing.storage;
    let left = announcing.around(async {
        announcing.runs.forget_runs_of(storage.key.as_str()).await.unwrap();
        assert!(storage.snippets.remove(&storage.key).await.unwrap());
    });
    goes_soon(left.await);
    // And one that comes too late to be announced at all.
    let late = announcing.submitted().await;
    announcing.runs.announce(&late, &announcing.revision()).await.unwrap();
    let left = announcing.left(&late).await;
    assert!((1..=600).contains(&left), "{left}");
}

#[tokio::test]
async fn a_run_announced_while_an_expiry_is_chosen_ends_with_its_snippet() {
    let announcing = Announcing::new().await;
    let storage = &announcing.storage;
    let (second, first) = announcing
        .around(async {
            storage.snippets.expire(&storage.key, &storage.owner, Lifetime::Hour).await.unwrap();
            announcing.runs.keep_runs_of(storage.key.as_str()).await.unwrap();
        })
        .await;
    assert!((3500..=3600).contains(&second), "{second}");
    assert!(first > 3600, "{first}");
}
