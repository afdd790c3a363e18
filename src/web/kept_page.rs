//! Pages of saved snippets, kept as they were written last. Redis is asked for each view what the snippet is now;
//! a page that depends on nothing else is not written again.

use std::sync::{Arc, LazyLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::snippets::store::Snippet;

/// Pages kept, and bytes of them, about.
const KEPT_PAGES: usize = 1024;
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

static KEPT: LazyLock<Cache<Name, Arc<KeptPage>, Bytes>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_PAGES, KEPT_BYTES, Bytes));

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

/// A page around the place of its nonce.
struct KeptPage {
    before: String,
    after: String,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Name, Arc<KeptPage>> for Bytes {
    fn weight(&self, _: &Name, page: &Arc<KeptPage>) -> u64 {
        (page.before.len() + page.after.len() + 256) as u64
    }
}

/// The page with this nonce, if it is kept.
pub(super) fn find(name: &Name, nonce: &str) -> Option<String> {
    let page = KEPT.get(name)?;
    Some([page.before.as_str(), nonce, page.after.as_str()].concat())
}

/// Keeps a page that was written with this nonce. The nonce is random, so no snippet's text can hold it.
pub(super) fn keep(name: Name, html: &str, nonce: &str) {
    let parts: Vec<&str> = if nonce.is_empty() { Vec::new() } else { html.split(nonce).collect() };
    if let [before, after] = parts.as_slice() {
        KEPT.insert(name, Arc::new(KeptPage { before: (*before).to_owned(), after: (*after).to_owned() }));
    }
}
