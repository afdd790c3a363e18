//! Moving to another device: a token that carries the ownership of one snippet, or of all, once and for a short time.
//!
//! Storage knows the token by its fingerprint only; an owner's secret is sealed with the token itself.

use redis::AsyncCommands;
use serde::{Deserialize, Serialize};

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::{OwnerHash, OwnerSecret};
use crate::snippets::seal::SealKey;
use crate::snippets::store::{SnippetError, Snippets};

/// What is stored under the token's fingerprint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Cargo {
    One { owner: String, snippet: String },
    All { sealed_secret: String },
}

/// What a token brought.
#[derive(Debug)]
pub enum Moved {
    /// One snippet, which is the taker's from now on.
    One(SnippetKey),
    /// The secret of all of the giver's; the taker's own snippets are the secret's from now on as well.
    All(OwnerSecret),
}

impl Snippets {
    /// A token that hands one snippet over.
    ///
    /// # Errors
    /// When there is no such snippet, or it is somebody else's.
    pub async fn moving_one(&self, key: &SnippetKey, owner: &OwnerHash) -> Result<SealKey, SnippetError> {
        self.check_owner(key, owner).await?;
        let cargo = Cargo::One { owner: owner.as_str().to_owned(), snippet: key.to_string() };
        Ok(self.load_cargo(|_| cargo).await?)
    }

    /// A token that carries an owner's secret.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn moving_all(&self, secret: &OwnerSecret) -> Result<SealKey, DbError> {
        let sealed = |token: &SealKey| hex::encode(token.seal(secret.reveal().as_bytes()));
        self.load_cargo(|token| Cargo::All { sealed_secret: sealed(token) }).await
    }

    async fn load_cargo(&self, cargo: impl FnOnce(&SealKey) -> Cargo) -> Result<SealKey, DbError> {
        let token = SealKey::random();
        let json = serde_json::to_string(&cargo(&token)).expect("cargo has no form that JSON cannot write");
        let seconds = keys::MOVE_WITHIN.as_secs();
        self.db.commands().set_ex::<_, _, ()>(keys::moving(&token.fingerprint()), json, seconds).await?;
        Ok(token)
    }

    /// Whether a token can still be used.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn can_be_moved(&self, token: &SealKey) -> Result<bool, DbError> {
        Ok(self.db.commands().exists(keys::moving(&token.fingerprint())).await?)
    }

    /// Uses a token up, for whoever took it.
    ///
    /// # Errors
    /// [`SnippetError::Missing`] when it was used, is too old, or what it carried has gone.
    pub async fn take_moved(&self, token: &SealKey, taker: &OwnerHash) -> Result<Moved, SnippetError> {
        let stored: Option<String> =
            self.db.commands().get_del(keys::moving(&token.fingerprint())).await.map_err(DbError::from)?;
        let damaged = || DbError::Damaged("what a move carries".to_owned());
        let cargo = serde_json::from_str(&stored.ok_or(SnippetError::Missing)?).map_err(|_| damaged())?;
        match cargo {
            Cargo::One { owner, snippet } => {
                let key = SnippetKey::parse(&snippet).ok_or_else(damaged)?;
                let owner = OwnerHash::stored(owner);
                if !owner.is(taker) {
                    self.hand_over(&key, &owner, taker).await?;
                }
                Ok(Moved::One(key))
            }
            Cargo::All { sealed_secret } => {
                let sealed = hex::decode(sealed_secret).map_err(|_| damaged())?;
                let text = token.open(&sealed).and_then(|text| String::from_utf8(text).ok()).ok_or_else(damaged)?;
                let secret = OwnerSecret::parse(&text).ok_or_else(damaged)?;
                self.join(taker, &secret.hash()).await?;
                Ok(Moved::All(secret))
            }
        }
    }

    /// Gives everything of one owner to another.
    async fn join(&self, from: &OwnerHash, to: &OwnerHash) -> Result<(), SnippetError> {
        if from.is(to) {
            return Ok(());
        }
        for owned in self.owned_by(from).await? {
            match self.hand_over(&owned.key, from, to).await {
                Ok(()) | Err(SnippetError::Missing | SnippetError::NotOwner) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
