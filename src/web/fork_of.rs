//! What a page that is not saved yet will be a fork of, as its form and its socket say it: `KEY/REVISION`, or `KEY` alone.

use std::fmt;

use crate::snippets::key::SnippetKey;
use crate::snippets::store::{Origin, Snippet};

/// A snippet, and which of its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForkOf {
    pub(super) key: SnippetKey,
    /// The newest when it is not said.
    pub(super) revision: Option<u64>,
}

impl ForkOf {
    /// Reads what a client says.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (key, revision) = match text.split_once('/') {
            Some((key, revision)) => (key, Some(revision.parse().ok()?)),
            None => (text, None),
        };
        Some(Self { key: SnippetKey::parse(key)?, revision })
    }

    /// The same of a snippet that is there.
    pub(super) fn origin(snippet: &Snippet, revision: Option<u64>) -> Origin {
        let known = revision.filter(|revision| (1..=snippet.head).contains(revision));
        Origin { key: snippet.key.clone(), revision: known.unwrap_or(snippet.head) }
    }
}

impl From<&Origin> for ForkOf {
    fn from(origin: &Origin) -> Self {
        Self { key: origin.key.clone(), revision: Some(origin.revision) }
    }
}

impl fmt::Display for ForkOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(revision) => write!(formatter, "{}/{revision}", self.key),
            None => write!(formatter, "{}", self.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nonsense_is_not() {
        for text in ["23456789ABCD", "23456789ABCD/7"] {
            assert_eq!(ForkOf::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "short/1", "23456789ABCD/", "23456789ABCD/x", "23456789ABCD/-1", "23456789ABCD/1/2"] {
            assert_eq!(ForkOf::parse(text), None, "{text}");
        }
    }
}
