//! `/{key}.png`: code and output as an image, for link previews. Drawn where it holds up no other request, a few at
//! once, and kept for as long as there is room.

use std::sync::LazyLock;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::{Data, Path, block};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::sharing::drawing::{self, Subject};
use crate::web::sharing::public::{self, Public};
use crate::web::state::State;

/// Pixels; what previews ask for.
pub(super) const WIDTH: u32 = 1200;
pub(super) const HEIGHT: u32 = 630;
/// Pictures drawn at once, each in three megabytes; and how long others wait.
const AT_ONCE: usize = 2;
const WAIT_FOR_TURN: Duration = Duration::from_secs(5);
/// Pictures kept, and bytes of them, about.
const KEPT_PICTURES: usize = 256;
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
static KEPT: LazyLock<Cache<String, Bytes, Size>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_PICTURES, KEPT_BYTES, Size));

#[derive(Clone)]
struct Size;

impl Weighter<String, Bytes> for Size {
    fn weight(&self, name: &String, picture: &Bytes) -> u64 {
        (name.len() + picture.len()) as u64
    }
}

/// `GET /{key}.png`
pub(in crate::web) async fn show(
    request: HttpRequest,
    state: Data<State>,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    let public = public::load(&state, &key).await?.ok_or(WebError::NotFound)?;
    let last = public.last_run(&state).await?;
    let tag = format!("\"{}\"", name(&public, &last.message));
    let seen = request.headers().get(IF_NONE_MATCH).and_then(|seen| seen.to_str().ok()).unwrap_or_default();
    let mut builder = HttpResponse::Ok();
    builder.insert_header((ETAG, tag.clone())).insert_header((CACHE_CONTROL, "no-cache"));
    builder.insert_header(("x-robots-tag", "noindex"));
    if seen.split(',').any(|seen| seen.trim().trim_start_matches("W/") == tag) {
        return Ok(builder.status(StatusCode::NOT_MODIFIED).finish());
    }
    let picture = match KEPT.get(&tag) {
        Some(kept) => kept,
        None => draw(&state, public, last.pieces.clone(), tag).await?,
    };
    Ok(builder.content_type("image/png").body(picture))
}

/// Tells pictures apart: which revision, which run, and whether that has ended.
fn name(public: &Public, message: &str) -> String {
    let snippet = &public.snippet;
    let run = public.run.as_ref().map_or("", |run| run.as_str());
    format!("{}-{}-{}-{run}-{}", snippet.key, snippet.created_ms, snippet.head, message.len())
}

async fn draw(
    state: &State,
    public: Public,
    output: Vec<crate::web::colour::piece::Piece>,
    tag: String,
) -> Result<Bytes, WebError> {
    let turn = timeout(WAIT_FOR_TURN, TURNS.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(WebError::Busy);
    };
    if let Some(kept) = KEPT.get(&tag) {
        return Ok(kept);
    }
    let title = public.title().to_owned();
    let program = public.content.program.clone();
    let language = state.languages.get(&program.language).map_or(program.language.0.as_str(), |known| &known.name);
    let older = |number| format!(" · output of revision {number}");
    let older = public.output_of.filter(|_| !output.is_empty()).map(older).unwrap_or_default();
    let caption = format!("{language} · CodeCube{older}");
    let file = program.files.into_iter().next().ok_or(WebError::NotFound)?;
    let subject = Subject { title, caption, language: program.language, file, output };
    let drawn = block(move || drawing::draw(&subject, (WIDTH, HEIGHT))).await?;
    let picture = Bytes::from(drawn.map_err(|error| WebError::Picture(error.to_string()))?);
    KEPT.insert(tag, picture.clone());
    Ok(picture)
}
