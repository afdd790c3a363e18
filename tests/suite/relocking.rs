//! Another password for a snippet that is there, while others save, read and run; and while storage is slow.

use std::time::Duration;

use codecube::db::embedded::Embedded;
use codecube::db::{Db, keys};
use codecube::languages::LanguageId;
use codecube::program::Program;
use codecube::program::file::SourceFile;
use codecube::seal::SealKey;
use codecube::snippets::key::SnippetKey;
use codecube::snippets::lock::{Keyring, Lock};
use codecube::snippets::owner::{OwnerHash, OwnerSecret};
use codecube::snippets::revision::Content;
use codecube::snippets::store::{Edit, Keeping, NewSnippet, Seen, SnippetError, Snippets};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::protected::{cookie_of, post};
use crate::server::{PATIENCE, Server};
use crate::socket::{Visitor, fresh_key};

/// Snippets in a Redis of their own, with one of them.
pub struct Storage {
    pub snippets: Snippets,
    /// The same by a connection of its own, as another process has it.
    others: Snippets,
    pub db: Db,
    control: MultiplexedConnection,
    pub owner: OwnerHash,
    pub key: SnippetKey,
    stop: CancellationToken,
    _directory: TempDir,
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn content(text: &str) -> Content {
    let program = Program {
        language: LanguageId("python".into()),
        files: vec![SourceFile::text("main.py", text)],
        arguments: vec![],
        stdin: None,
    };
    Content { title: "hidden title".into(), program }
}

impl Storage {
    pub async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let redis = Embedded::start(directory.path()).await.unwrap();
        let db = Db::connect(&redis.url()).await.unwrap();
        let others = Snippets::new(Db::connect(&redis.url()).await.unwrap());
        let control = redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(redis.supervise(stop.clone()));
        let (snippets, owner) = (Snippets::new(db.clone()), OwnerSecret::random().hash());
        let keeping = Keeping::default();
        let content = content("hidden 1");
        let new = NewSnippet { owner: &owner, is_first: true, content: &content, forked_from: None, keeping: &keeping };
        let key = snippets.create_anywhere(&new).await.unwrap();
        let storage = Self { snippets, others, control, db, owner, key, stop, _directory: directory };
        // Redis knows the scripts from here on: each is one command.
        storage.relock(None, &Keyring::default()).await.unwrap();
        storage.save("hidden 1", &Keyring::default()).await.unwrap();
        storage
    }

    async fn save(&self, text: &str, keyring: &Keyring) -> Result<u64, SnippetError> {
        let edit = Edit { content: &content(text), seen: Seen::Any, keyring };
        Ok(self.others.save(&self.key, &self.owner, edit).await?.revision())
    }

    pub async fn relock(&self, lock: Option<&(Lock, SealKey)>, keyring: &Keyring) -> Result<(), SnippetError> {
        let snippet = self.snippets.load(&self.key).await?.unwrap();
        let whole = self.snippets.whole_of(&snippet, (&self.owner, keyring)).await?;
        self.snippets.relock(&whole.reseal(lock)?).await
    }

    /// Lets Redis answer questions, and keep all changes waiting.
    async fn hold_changes(&self, at_most: Duration) {
        let milliseconds = u64::try_from(at_most.as_millis()).unwrap();
        let pause = redis::cmd("CLIENT").arg("PAUSE").arg(milliseconds).arg("WRITE").to_owned();
        pause.query_async::<()>(&mut self.control.clone()).await.unwrap();
    }

    /// Waits until so many connections have a change waiting.
    async fn waiting(&self, number: usize) {
        let list = redis::cmd("CLIENT").arg("LIST").to_owned();
        timeout(PATIENCE, async {
            loop {
                let clients: String = list.query_async(&mut self.control.clone()).await.unwrap();
                if clients.lines().filter(|line| line.contains(" flags=b")).count() == number {
                    return;
                }
            }
        })
        .await
        .unwrap();
    }

    async fn let_changes_go(&self) {
        redis::cmd("CLIENT").arg("UNPAUSE").query_async::<()>(&mut self.control.clone()).await.unwrap();
    }

    /// Everything that stands under the snippet's names.
    async fn stored(&self) -> String {
        let (mut commands, name) = (self.db.commands(), self.key.as_str());
        let all: Vec<Vec<u8>> = commands.hvals(keys::snippet(name)).await.unwrap();
        String::from_utf8_lossy(&all.concat()).into_owned()
    }
}

/// Two locks and the keyring that opens both.
fn locks() -> ([(Lock, SealKey); 2], Keyring) {
    let locks = [Lock::new("first"), Lock::new("second")];
    let keyring = Keyring::new(locks.iter().map(|(_, key)| key.clone()).collect());
    (locks, keyring)
}

/// Sets another lock between the two steps of a save: what it saw of the snippet, and its change.
async fn save_around_relock(
    storage: &Storage,
    lock: Option<&(Lock, SealKey)>,
    text: &str,
    keyring: &Keyring,
) -> Result<u64, SnippetError> {
    storage.hold_changes(PATIENCE).await;
    let in_order = async {
        storage.waiting(1).await;
        let (saved, ()) = tokio::join!(storage.save(text, keyring), async {
            storage.waiting(2).await;
            storage.let_changes_go().await;
        });
        saved
    };
    let (done, saved) = tokio::join!(storage.relock(lock, keyring), in_order);
    done.unwrap();
    saved
}

#[tokio::test]
async fn a_save_that_meets_another_lock_than_it_saw_is_sealed_with_that() {
    let storage = Storage::new().await;
    let ([first, second], keyring) = locks();
    for (lock, number) in [(Some(&first), 2), (Some(&second), 3), (None, 4), (Some(&first), 5)] {
        let text = format!("hidden {number}");
        assert_eq!(save_around_relock(&storage, lock, &text, &keyring).await.unwrap(), number);
        let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
        let held = Keyring::new(lock.iter().map(|(_, key)| key.clone()).collect());
        for number in 1..=number {
            let revision = storage.snippets.revision(&snippet, number, &held).await.unwrap().unwrap();
            assert_eq!(revision.content, content(&format!("hidden {number}")));
        }
        assert_eq!(storage.snippets.history(&snippet, &held).await.unwrap().len(), usize::try_from(number).unwrap());
        assert_eq!(storage.stored().await.contains("hidden"), lock.is_none());
    }
}

#[tokio::test]
async fn a_save_without_the_new_key_is_refused_and_changes_nothing() {
    let storage = Storage::new().await;
    let ([first, _], _) = locks();
    let saved = save_around_relock(&storage, Some(&first), "hidden 2", &Keyring::default()).await;
    assert!(matches!(saved, Err(SnippetError::Locked(_))), "{saved:?}");
    let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
    assert_eq!(snippet.head, 1);
    assert!(!storage.stored().await.contains("hidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_saves_while_the_password_changes_leave_nothing_in_clear_and_lose_nothing() {
    let storage = Storage::new().await;
    let ([first, second], keyring) = locks();
    let mut relocked = 0;
    let mut texts = vec![(1, "hidden 1".to_owned())];
    // The save starts later each time, so that it falls into each step of the other.
    for round in 0..60_usize {
        let lock = [Some(&first), Some(&second), None][round % 3];
        let text = format!("hidden text of {round}");
        let saved = async {
            for _ in 0..round % 10 {
                storage.db.ping().await.unwrap();
            }
            storage.save(&text, &keyring).await
        };
        let read = async {
            let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
            storage.others.view(&storage.key).await.unwrap().unwrap();
            storage.others.revision(&snippet, 1, &keyring).await.unwrap().unwrap();
            storage.others.history(&snippet, &keyring).await.unwrap();
        };
        let (saved, done, ()) = tokio::join!(saved, storage.relock(lock, &keyring), read);
        assert!(matches!(done, Ok(()) | Err(SnippetError::Stale(_))), "{done:?}");
        relocked += usize::from(done.is_ok());
        texts.push((saved.unwrap(), text.clone()));
    }
    assert!(relocked >= 5, "{relocked} were changed");
    storage.relock(Some(&second), &keyring).await.unwrap();
    let everything = storage.stored().await;
    assert!(!everything.contains("hidden") && !everything.contains("python"), "{everything}");
    let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
    let held = Keyring::new(vec![second.1.clone()]);
    for (number, text) in texts {
        let revision = storage.snippets.revision(&snippet, number, &held).await.unwrap().unwrap();
        assert_eq!(revision.content, content(&text));
    }
    assert_eq!(storage.snippets.history(&snippet, &held).await.unwrap().len(), 61);
}

#[tokio::test]
async fn a_change_of_password_that_has_not_seen_a_save_is_refused_and_changes_nothing() {
    let storage = Storage::new().await;
    let ([first, _], keyring) = locks();
    let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
    let whole = storage.snippets.whole_of(&snippet, (&storage.owner, &keyring)).await.unwrap();
    let head = storage.save("saved meanwhile", &keyring).await.unwrap();
    let done = storage.snippets.relock(&whole.reseal(Some(&first)).unwrap()).await;
    assert!(matches!(done, Err(SnippetError::Stale(stale)) if stale == head), "{done:?}");
    let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
    assert!(snippet.lock.is_none() && snippet.head == head);
    assert!(storage.stored().await.contains("saved meanwhile"));
}

#[tokio::test]
async fn whoever_looked_before_a_password_was_changed_reads_on_with_the_new_key_and_not_without() {
    let storage = Storage::new().await;
    let ([first, second], keyring) = locks();
    for lock in [Some(&first), Some(&second), None] {
        let before = storage.snippets.load(&storage.key).await.unwrap().unwrap();
        storage.relock(lock, &keyring).await.unwrap();
        let revision = storage.snippets.revision(&before, 1, &keyring).await.unwrap().unwrap();
        assert_eq!(revision.content, content("hidden 1"));
        assert_eq!(storage.snippets.history(&before, &keyring).await.unwrap().len(), 1);
        let lacking = storage.snippets.revision(&before, 1, &Keyring::default()).await;
        let history = storage.snippets.history(&before, &Keyring::default()).await;
        if lock.is_some() {
            assert!(matches!(lacking, Err(SnippetError::Locked(_))), "{lacking:?}");
            assert!(matches!(history, Err(SnippetError::Locked(_))), "{history:?}");
        } else {
            assert_eq!((lacking.unwrap().unwrap().number, history.unwrap().len()), (1, 1));
        }
    }
}

#[tokio::test]
async fn a_password_that_storage_was_slow_to_take_is_told_as_taken() {
    let storage = Storage::new().await;
    let ([first, _], _) = locks();
    // Longer than a command is waited for, and shorter than it is asked what became of it.
    storage.hold_changes(Duration::from_secs(3)).await;
    storage.relock(Some(&first), &Keyring::default()).await.unwrap();
    let snippet = storage.snippets.load(&storage.key).await.unwrap().unwrap();
    assert!(snippet.lock.is_some());
}

/// A snippet of a real server, its name in storage, and who owns it.
async fn kept(server: &Server) -> (Visitor, String, MultiplexedConnection) {
    let (owner, key) = (Visitor::new(server.url()).await, fresh_key(server.url()).await);
    let form = "language=bash&content=echo+1";
    assert_eq!(post(&owner, &format!("/{key}/save"), form).await.status(), 303);
    (owner, key, server.redis().await)
}

#[tokio::test]
async fn more_than_can_be_sealed_at_once_is_refused_with_what_to_do() {
    let server = Server::shared().await;
    let (owner, key, mut redis) = kept(server).await;
    let (name, others): (_, Vec<String>) =
        (keys::snippet(&key), (1001..1010).map(|number| format!("revision:{number}")).collect());
    for other in &others {
        redis.hset::<_, _, _, ()>(&name, other, vec![b'x'; 1024 * 1024]).await.unwrap();
    }
    let refused = post(&owner, &format!("/{key}/password"), "password=sesame").await;
    assert_eq!(refused.status(), 422);
    let told = refused.text().await.unwrap();
    assert!(told.contains("nothing was changed") && told.contains("new snippet with a password"), "{told}");
    redis.hdel::<_, _, ()>(&name, others).await.unwrap();
    assert_eq!(post(&owner, &format!("/{key}/password"), "password=sesame").await.status(), 303);
}

#[tokio::test]
async fn runs_in_clear_go_soon_even_where_the_password_was_set_before_and_they_stayed() {
    let server = Server::shared().await;
    let (owner, key, mut redis) = kept(server).await;
    let set = post(&owner, &format!("/{key}/password"), "password=first").await;
    let owner = Visitor { cookie: format!("{}; {}", owner.cookie, cookie_of(&set)), ..owner };
    let (run, fields) = (format!("0-{}", "a".repeat(16)), [("state", "ended"), ("kept", "1")]);
    let run_key = format!("{{runs:0}}:{run}");
    redis.hset_multiple::<_, _, _, ()>(&run_key, &fields).await.unwrap();
    redis.xadd::<_, _, _, _, ()>(keys::snippet_runs(&key), "*", &[("run", run.as_str())]).await.unwrap();
    assert_eq!(redis.ttl::<_, i64>(&run_key).await.unwrap(), -1);
    assert_eq!(post(&owner, &format!("/{key}/password"), "password=second").await.status(), 303);
    let left: i64 = redis.ttl(&run_key).await.unwrap();
    assert!((1..=600).contains(&left), "{left}");
}
