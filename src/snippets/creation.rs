//! Creating: a snippet is put together aside by one command and moved to its key by another, so that nothing which
//! stands there is ever overwritten and nobody sees half of one. Where the way to Redis is lost just between, what stands
//! aside is removed by the next start ([`Snippets::sweep`]).

use redis::{AsyncCommands, Cmd, Pipeline, RedisResult, Value};

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::mark_milliseconds;
use crate::snippets::ownership::owned;
use crate::snippets::reading::{CONTENT_ID, content_field, summary_field};
use crate::snippets::store::{NewSnippet, SnippetError, Snippets, pack};

/// How often a fresh key is tried when one is taken; with 70 random bits the second try is a fault of ours.
const FRESH_KEY_TRIES: usize = 3;

/// Commands that create most snippets, words of the longest, and its bytes beside the content; for what is stored at once
/// nothing need grow.
const COMMANDS: usize = 3;
const FIELDS: usize = 24;
const OTHER_BYTES: usize = 512;

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
        self.put(key, new, true).await?;
        let told: Result<(), _> = self.db.commands().publish(keys::snippet_channel(key.as_str()), NEWS).await;
        if let Err(error) = told {
            tracing::warn!(error = ?error, "a snippet was created, but whoever waits for it was not told");
        }
        Ok(())
    }

    /// Creates a snippet under a fresh key; an owner's first under the one that [`SnippetKey::first_of`] gives.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn create_anywhere(&self, new: &NewSnippet<'_>) -> Result<SnippetKey, SnippetError> {
        for number in 0..FRESH_KEY_TRIES {
            let is_first = new.is_first && number == 0;
            let key = if is_first { SnippetKey::first_of(new.owner) } else { SnippetKey::random() };
            match self.put(&key, new, !is_first).await {
                Err(SnippetError::Taken) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(key),
            }
        }
        Err(SnippetError::Taken)
    }

    /// Puts a snippet under a key where nothing stands, and on its owner's list if it is to be noted there. The list is no
    /// authority, so it is written in the same breath: a key that somebody else was quicker to take leaves it when it is
    /// read.
    async fn put(&self, key: &SnippetKey, new: &NewSnippet<'_>, is_noted: bool) -> Result<(), SnippetError> {
        let aside = keys::snippet_aside(key.as_str(), &format!("{:x}", rand::random::<u64>()));
        let created = Created { key, new, is_noted, aside, now: self.db.now_ms().await? };
        if self.carry_out(&created).await? {
            self.mark(&created).await;
            return Ok(());
        }
        self.db.commands().del::<_, ()>(created.aside).await.map_err(DbError::from)?;
        Err(SnippetError::Taken)
    }

    /// Gives whether it was moved to its place. It is created by then, whatever came of the note: that there is no room
    /// for one more must not be told as if there had been none for the snippet.
    async fn carry_out(&self, created: &Created<'_>) -> Result<bool, DbError> {
        let mut answers: Vec<RedisResult<Value>> = created.questions().query_async(&mut self.db.commands()).await?;
        let noted = if created.is_noted { answers.pop() } else { None };
        // The first that was refused says why.
        let moved = answers.into_iter().collect::<RedisResult<Vec<Value>>>()?.pop();
        if let Some(Err(error)) = noted {
            tracing::warn!(error = ?error, "a snippet was created, but is not on its owner's list");
        }
        Ok(moved == Some(Value::Int(1)))
    }

    /// Marks the address of what will be over, once it is there: a mark alone would keep the address from everybody.
    async fn mark(&self, created: &Created<'_>) {
        let Some(expires) = created.expires() else {
            return;
        };
        let mut mark = redis::cmd("SET");
        mark.arg(keys::snippet_was(created.key.as_str()))
            .arg(1)
            .arg("PXAT")
            .arg(expires + mark_milliseconds())
            .arg("NX");
        if let Err(error) = mark.query_async::<()>(&mut self.db.commands()).await {
            tracing::warn!(error = ?error, "the address of a snippet may be somebody else's when that is over");
        }
    }
}

/// A snippet at the moment when it is created.
struct Created<'a> {
    key: &'a SnippetKey,
    new: &'a NewSnippet<'a>,
    /// Whether the owner's list is to name it.
    is_noted: bool,
    /// Where it is put together.
    aside: String,
    /// By the clock of Redis.
    now: u64,
}

impl Created<'_> {
    /// What puts it together and moves it to its place, and the note on the owner's list; sent as one, answered one by one.
    fn questions(&self) -> Pipeline {
        let Self { key, new, aside, now, .. } = self;
        let mut pipe = Pipeline::with_capacity(COMMANDS);
        pipe.ignore_errors().add_command(self.fields());
        if let Some(expires) = self.expires() {
            pipe.cmd("PEXPIREAT").arg(aside).arg(expires);
        }
        pipe.rename_nx(aside, keys::snippet(key.as_str()));
        if self.is_noted {
            pipe.add_command(owned(new.owner, key, *now));
        }
        pipe
    }

    /// When it ends.
    fn expires(&self) -> Option<u64> {
        self.new.keeping.lifetime.milliseconds().map(|lifetime| self.now + lifetime)
    }

    fn fields(&self) -> Cmd {
        let Self { new, now, .. } = self;
        let packed = pack(new.content, new.keeping.lock.as_ref().map(|(_, seal)| seal));
        let mut fields = Cmd::with_capacity(FIELDS, packed.bytes.len() + packed.summary.len() + OTHER_BYTES);
        fields
            .arg("HSET")
            .arg(&self.aside)
            .arg("owner")
            .arg(new.owner.as_str())
            .arg("head")
            .arg(1)
            .arg("created")
            .arg(now);
        fields.arg("language").arg(&packed.language).arg(CONTENT_ID).arg(&packed.id);
        fields.arg(content_field(1)).arg([format!("{now} ").as_bytes(), &packed.bytes].concat());
        fields.arg(summary_field(1)).arg(format!("{now} {}", packed.summary));
        if !packed.title.is_empty() {
            fields.arg("title").arg(&packed.title);
        }
        if let Some(origin) = new.forked_from {
            fields.arg("forked_from").arg(format!("{} {}", origin.key, origin.revision));
        }
        if let Some(expires) = self.expires() {
            fields.arg("expires").arg(expires);
        }
        if let Some((lock, _)) = &new.keeping.lock {
            fields.arg("lock").arg(lock.text());
        }
        if new.keeping.burns {
            fields.arg("burns").arg(1);
        }
        fields
    }
}
