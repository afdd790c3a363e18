//! Snippets that not everybody may read, and servers that not everybody may use.
//!
//! - [`door`]: the way to a snippet's contents; [`asking`]: pages that ask before they show
//! - [`unlock`]: a password; [`relock`]: another one; [`burn`]: reading what can be read once
//! - [`admission`], [`login`]: an instance with an access token

pub(super) mod admission;
pub(super) mod asking;
pub(super) mod burn;
pub(super) mod door;
pub(super) mod login;
pub(super) mod relock;
pub(super) mod unlock;
