//! Moving to another device: a token that carries the ownership of one snippet, or of all, once and for a short time.
//!
//! Storage knows the token by its fingerprint only; an owner's secret is sealed with the token itself.

use redis::AsyncCommands;
use serde::{Deserialize, Serialize};

use crate::db::{DbError, keys};
use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::{OwnerHash, OwnerSecret};
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
    /// The secret of all of the giver's.
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
        let token = SealKey::random();
        self.load_cargo(&token, &cargo).await?;
        Ok(token)
    }

    /// A token that carries an owner's secret.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn moving_all(&self, secret: &OwnerSecret) -> Result<SealKey, DbError> {
        let token = SealKey::random();
        self.load_cargo(&token, &sealed(&token, secret)).await?;
        Ok(token)
    }

    async fn load_cargo(&self, token: &SealKey, cargo: &Cargo) -> Result<(), DbError> {
        let json = serde_json::to_string(cargo).expect("cargo has no form that JSON cannot write");
        let seconds = keys::MOVE_WITHIN.as_secs();
        Ok(self.db.commands().set_ex(keys::moving(&token.fingerprint()), json, seconds).await?)
    }

    /// What a token carries, without using it up.
    ///
    /// # Errors
    /// [`SnippetError::Missing`] when it was used or is too old.
    pub async fn carried(&self, token: &SealKey) -> Result<Moved, SnippetError> {
        let stored: Option<String> =
            self.db.commands().get(keys::moving(&token.fingerprint())).await.map_err(DbError::from)?;
        Ok(unload(token, &stored.ok_or(SnippetError::Missing)?)?.1)
    }

    /// Uses a token up, for whoever took it.
    ///
    /// # Errors
    /// [`SnippetError::Missing`] when it was used, is too old, or what it carried has gone.
    pub async fn take_moved(&self, token: &SealKey, taker: &OwnerHash) -> Result<Moved, SnippetError> {
        let stored: Option<String> =
            self.db.commands().get_del(keys::moving(&token.fingerprint())).await.map_err(DbError::from)?;
        let (giver, moved) = unload(token, &stored.ok_or(SnippetError::Missing)?)?;
        if let Moved::One(key) = &moved
            && !giver.is(taker)
        {
            self.hand_over(key, &giver, taker).await?;
        }
        Ok(moved)
    }

    /// The same for a taker whose own snippets join those that the token brings. When they could not all, the token
    /// can be used again.
    ///
    /// # Errors
    /// As [`Self::take_moved`].
    pub async fn take_moved_and_join(&self, token: &SealKey, taker: &OwnerHash) -> Result<Moved, SnippetError> {
        let moved = self.take_moved(token, taker).await?;
        if let Moved::All(secret) = &moved
            && let Err(error) = self.join(taker, &secret.hash()).await
        {
            self.load_cargo(token, &sealed(token, secret)).await?;
            return Err(error.into());
        }
        Ok(moved)
    }
}

fn sealed(token: &SealKey, secret: &OwnerSecret) -> Cargo {
    Cargo::All { sealed_secret: hex::encode(token.seal(secret.reveal().as_bytes())) }
}

/// Reads what is stored: who gives, and what.
fn unload(token: &SealKey, stored: &str) -> Result<(OwnerHash, Moved), DbError> {
    let damaged = || DbError::Damaged("what a move carries".to_owned());
    match serde_json::from_str(stored).map_err(|_| damaged())? {
        Cargo::One { owner, snippet } => {
            let key = SnippetKey::parse(&snippet).ok_or_else(damaged)?;
            Ok((OwnerHash::stored(owner), Moved::One(key)))
        }
        Cargo::All { sealed_secret } => {
            let sealed = hex::decode(sealed_secret).map_err(|_| damaged())?;
            let text = token.open(&sealed).and_then(|text| String::from_utf8(text).ok()).ok_or_else(damaged)?;
            let secret = OwnerSecret::parse(&text).ok_or_else(damaged)?;
            Ok((secret.hash(), Moved::All(secret)))
        }
    }
}
