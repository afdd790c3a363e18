//! Pages of saved snippets, kept as they were written last. Redis is asked for each view what the snippet is now;
//! a page that depends on nothing else is not written again.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::snippets::store::Snippet;

/// Pages kept, and bytes of them, about.
const KEPT_PAGES: usize = 1024;
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

static KEPT: LazyLock<Cache<Name, KeptPage, Weight>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_PAGES, KEPT_BYTES, Weight));

/// Everything that a page depends on, but for its nonce.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Name {
    site: String,
    key: String,
    created_ms: u64,
    expires_ms: Option<u64>,
    head: u64,
    pub(super) is_owner: bool,
    run: Option<String>,
    /// Why the server can run nothing now; the page says so.
    obstacle: Option<String>,
}

impl Name {
    pub(super) fn of(
        site: &str,
        snippet: &Snippet,
        is_owner: bool,
        run: Option<&str>,
        obstacle: Option<String>,
    ) -> Self {
        Self {
            site: site.to_owned(),
            key: snippet.key.to_string(),
            created_ms: snippet.created_ms,
            expires_ms: snippet.expires_ms,
            head: snippet.head,
            is_owner,
            run: run.map(str::to_owned),
            obstacle,
        }
    }
}

/// A page around the place of its nonce; clones share the text.
#[derive(Clone)]
struct KeptPage {
    before: Bytes,
    after: Bytes,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Name, KeptPage> for Weight {
    fn weight(&self, _: &Name, page: &KeptPage) -> u64 {
        (page.before.len() + page.after.len() + 256) as u64
    }
}

/// The page with this nonce, if it is kept.
pub(super) fn find(name: &Name, nonce: &str) -> Option<Html> {
    let KeptPage { before, after } = KEPT.get(name)?;
    Some(Html([before, Bytes::copy_from_slice(nonce.as_bytes()), after]))
}

/// Keeps a page that was written with this nonce. The nonce is random, so no snippet's text can hold it.
pub(super) fn keep(name: Name, html: &str, nonce: &str) {
    let parts: Vec<&str> = if nonce.is_empty() { Vec::new() } else { html.split(nonce).collect() };
    if let [before, after] = parts.as_slice() {
        let part = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        KEPT.insert(name, KeptPage { before: part(before), after: part(after) });
    }
}

/// A page to answer with, in parts that are sent one after another: what is kept is not copied.
pub(super) struct Html([Bytes; 3]);

impl From<String> for Html {
    fn from(page: String) -> Self {
        Self([page.into(), Bytes::new(), Bytes::new()])
    }
}

impl MessageBody for Html {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.iter().map(|part| part.len() as u64).sum())
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let next = self.0.iter_mut().find(|part| !part.is_empty());
        Poll::Ready(next.map(|part| Ok(std::mem::take(part))))
    }
}
