//! Creating: a snippet is put together aside and moved to its key in one transaction, so that nothing which stands there
//! is ever overwritten and no crash leaves half of one. A script would do the same; plain commands take Redis two thirds
//! of its time.

use redis::{AsyncCommands, Cmd, Pipeline, RedisError, RedisResult, Value, from_redis_value};

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::mark_milliseconds;
use crate::snippets::ownership::owned;
use crate::snippets::revision::Packed;
use crate::snippets::store::{NewSnippet, SnippetError, Snippets, pack};

/// How often a fresh key is tried when one is taken; with 70 random bits the second try is a fault of ours.
const FRESH_KEY_TRIES: usize = 3;

/// What whoever waits at a key is told when a snippet stands there.
const NEWS: &str = r#"{"news":"revision","revision":1}"#;

impl Snippets {
    /// Creates a snippet with revision 1 under a key that somebody may wait at.
    ///
    /// # Errors
    /// [`SnippetError::Taken`] when the key names a snippet already, or did lately; nothing is changed then.
    pub async fn create(&self, key: &SnippetKey, new: &NewSnippet<'_>) -> Result<(), SnippetError> {
        let taken = [keys::snippet(key.as_str()), keys::snippet_was(key.as_str())];
        let is_taken: bool = self.db.commands().exists(&taken[..]).await.map_err(DbError::from)?;
        if is_taken {
            return Err(SnippetError::Taken);
        }
        self.put(key, new).await?;
        let told: Result<(), _> = self.db.commands().publish(keys::snippet_channel(key.as_str()), NEWS).await;
        if let Err(error) = told {
            tracing::warn!(error = ?error, "a snippet was created, but whoever waits for it was not told");
        }
        Ok(())
    }

    /// Creates a snippet under a fresh key.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn create_anywhere(&self, new: &NewSnippet<'_>) -> Result<SnippetKey, SnippetError> {
        for _ in 0..FRESH_KEY_TRIES {
            let key = SnippetKey::random();
            match self.put(&key, new).await {
                Err(SnippetError::Taken) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(key),
            }
        }
        Err(SnippetError::Taken)
    }

    /// Puts a snippet under a key where nothing stands, and on its owner's list. The list is no authority, so it is
    /// written in the same breath: a key that somebody else was quicker to take leaves it when it is read.
    async fn put(&self, key: &SnippetKey, new: &NewSnippet<'_>) -> Result<(), SnippetError> {
        let created = Created { key, new, now: self.db.now_ms().await?, try_id: rand::random() };
        let moved = self.carry_out(&created).await?;
        if moved == [true; 3] {
            return Ok(());
        }
        // What still stands aside. And where a snippet was, a part of it may be missing: it must not get one of ours.
        let left = created.places().into_iter().zip(created.aside()).zip(moved);
        let left: Vec<String> = left.map(|((place, aside), moved)| if moved { place } else { aside }).collect();
        self.db.commands().del::<_, ()>(left).await.map_err(DbError::from)?;
        Err(SnippetError::Taken)
    }

    /// Gives which of its parts were moved to their places. It is created by then, whatever came of the note: that there
    /// is no room for one more must not be told as if there had been none for the snippet.
    async fn carry_out(&self, created: &Created<'_>) -> Result<[bool; 3], DbError> {
        let mut answers: Vec<RedisResult<Value>> = created.questions().query_async(&mut self.db.commands()).await?;
        let noted = answers.pop();
        // The first that was refused says why; at its end the transaction says only that one was.
        let done = answers.into_iter().collect::<RedisResult<Vec<Value>>>()?.pop().unwrap_or(Value::Nil);
        let done: Vec<Value> = from_redis_value(done.extract_error()?).map_err(RedisError::from)?;
        if let Some(Err(error)) = noted {
            tracing::warn!(error = ?error, "a snippet was created, but is not on its owner's list");
        }
        Ok(done.last_chunk().map_or([false; 3], |moved| moved.each_ref().map(|moved| *moved == Value::Int(1))))
    }
}

/// A snippet at the moment when it is created.
struct Created<'a> {
    key: &'a SnippetKey,
    new: &'a NewSnippet<'a>,
    /// By the clock of Redis.
    now: u64,
    /// Names what stands aside.
    try_id: u64,
}

impl Created<'_> {
    /// Where its parts stand.
    fn places(&self) -> [String; 3] {
        let key = self.key.as_str();
        [keys::snippet(key), keys::snippet_revisions(key), keys::snippet_history(key)]
    }

    /// Where they are put together.
    fn aside(&self) -> [String; 3] {
        self.places().map(|place| keys::snippet_aside(&place, self.try_id))
    }

    /// The transaction and the note on the owner's list, sent as one and answered one by one: the note is the last, and
    /// before it stands what the transaction did, at its end which parts were moved.
    fn questions(&self) -> Pipeline {
        let (places, aside) = (self.places(), self.aside());
        let [snippet, revisions, history] = &aside;
        let Self { new, now, .. } = self;
        let packed = pack(new.content, new.keeping.lock.as_ref().map(|(_, seal)| seal));
        let expires = new.keeping.lifetime.milliseconds().map(|lifetime| now + lifetime);
        let mut pipe = redis::pipe();
        pipe.ignore_errors().cmd("MULTI").add_command(self.fields(snippet, &packed, expires));
        pipe.hset(revisions, 1, [format!("{now} ").as_bytes(), &packed.bytes].concat());
        pipe.rpush(history, format!("1 {now} {}", packed.summary));
        if let Some(expires) = expires {
            for place in &aside {
                pipe.cmd("PEXPIREAT").arg(place).arg(expires);
            }
            let was = keys::snippet_was(self.key.as_str());
            pipe.cmd("SET").arg(was).arg(1).arg("PXAT").arg(expires + mark_milliseconds());
        }
        for (aside, place) in aside.iter().zip(&places) {
            pipe.rename_nx(aside, place);
        }
        pipe.cmd("EXEC").add_command(owned(new.owner, self.key, *now));
        pipe
    }

    fn fields(&self, snippet: &str, packed: &Packed, expires: Option<u64>) -> Cmd {
        let Self { new, now, .. } = self;
        let forked_from = new.forked_from.map(|origin| format!("{} {}", origin.key, origin.revision));
        let mut fields = redis::cmd("HSET");
        fields.arg(snippet).arg("owner").arg(new.owner.as_str()).arg("head").arg(1).arg("digest").arg(&packed.digest);
        fields.arg("title").arg(&packed.title).arg("language").arg(&packed.language);
        fields.arg("forked_from").arg(forked_from.unwrap_or_default()).arg("created").arg(now);
        fields.arg("expires").arg(expires.map(|expires| expires.to_string()).unwrap_or_default());
        if let Some((lock, _)) = &new.keeping.lock {
            fields.arg("lock").arg(lock.text());
        }
        if new.keeping.burns {
            fields.arg("burns").arg(1);
        }
        fields
    }
}
