//! Run from a shell: `POST /run/{language}` runs code, `POST /{key}/run` a saved snippet with the body as its input.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentEncoding};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::runs::request::RunRequest;
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::snippets::store::NewSnippet;
use crate::web::api::body::{self, Room};
use crate::web::api::create::EDIT_TOKEN;
use crate::web::api::framing::Framing;
use crate::web::api::relay::{self, Manner, TRAILERS};
use crate::web::api::sent::{Options, Sent};
use crate::web::error::WebError;
use crate::web::excess::Excess;
use crate::web::headers::RAW_POLICY;
use crate::web::network::Network;
use crate::web::query::{self, Query};
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::submission::{self, Stored};
use crate::web::visitor::Visitor;
use crate::web::{arguments, links, view};

/// Names the snippet that holds the code.
const SNIPPET: &str = "x-snippet-url";

/// Who asks, and for what run.
type Asked = (Data<State>, Visitor, Query<Options>);

/// `POST /run/{language}`: keeps the code as a snippet, and runs it.
pub(in crate::web) async fn code(
    request: HttpRequest,
    payload: Payload,
    (state, visitor, options): Asked,
    language: Path<String>,
) -> Result<HttpResponse, WebError> {
    let options = Options { language: Some(language.into_inner()), ..options.into_inner() };
    keep_and_run(request, payload, (state, visitor), options).await
}

/// `PUT /run/{language}/{name}`: the same with this file name.
pub(in crate::web) async fn named(
    request: HttpRequest,
    payload: Payload,
    (state, visitor, options): Asked,
    address: Path<(String, String)>,
) -> Result<HttpResponse, WebError> {
    if !query::is_text(request.path()) {
        return Err(WebError::Malformed("The name in the address is not text in UTF-8."));
    }
    let ((language, name), options) = (address.into_inner(), options.into_inner());
    let options = Options { language: Some(language), name: options.name.or(Some(name)), ..options };
    keep_and_run(request, payload, (state, visitor), options).await
}

async fn keep_and_run(
    request: HttpRequest,
    payload: Payload,
    (state, visitor): (Data<State>, Visitor),
    options: Options,
) -> Result<HttpResponse, WebError> {
    let manner = manner(&request, &options);
    let sent = Sent::read(&request, payload, options, &state).await?;
    let keeping = door::keeping(sent.choices(&visitor)).await?;
    let content = sent.content(&state)?;
    submission::check_ready(&state)?;
    let (owner, is_first) = (&visitor.hash, !visitor.is_known());
    let new = NewSnippet { owner, is_first, content: &content, forked_from: None, keeping: &keeping };
    let key = state.snippets.create_anywhere(&new).await?;
    let stored = Stored::new(key, keeping);
    let mut run = submission::request(content, &stored, None);
    // Nobody types into this run: without input it is at its end from the start.
    run.stdin_bytes = run.program.stdin.is_none().then(Vec::new);
    let manner = Manner { is_protected: stored.is_secret, ..manner };
    let mut response = start(&request, &state, &run, manner).await?;
    name_snippet(&mut response, &links::of_snippet(&request, &state, &stored.key), SNIPPET);
    if let Some(token) = visitor.edit_token() {
        name_snippet(&mut response, &token, EDIT_TOKEN);
    }
    Ok(response)
}

/// `POST /{key}/run` from a program: the snippet as a filter. What it reads and prints is the caller's own matter:
/// the run is not shown to those who look at the snippet, nor kept with it.
pub(in crate::web) async fn snippet(
    request: HttpRequest,
    payload: Payload,
    (state, visitor, options): Asked,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    visitor.check_admitted()?;
    let view = view::load(&state, &visitor, &key).await?.ok_or(WebError::NotFound)?;
    let is_protected = view.snippet.is_some_and(|snippet| snippet.lock.is_some());
    let limits = state.settings.program_limits;
    let room = Room { bytes: limits.stdin_bytes, excess: Excess::Input(limits) };
    let input = body::read(&request, payload, room).await?;
    submission::check_ready(&state)?;
    let Content { mut program, .. } = view.content;
    if let Some(line) = &options.args {
        program.arguments = arguments::split(line)?;
    }
    let own_input = || program.stdin.clone().unwrap_or_default().into_bytes();
    let input = if body::is_there(&request) { input.to_vec() } else { own_input() };
    let run = RunRequest { program, terminal: None, snippet: None, stdin_bytes: Some(input) };
    let manner = Manner { is_protected, ..manner(&request, &options) };
    start(&request, &state, &run, manner).await
}

fn manner(request: &HttpRequest, options: &Options) -> Manner {
    let framing = Framing::of(request.version());
    let asked = options.status.as_deref().is_some_and(|status| status != "0");
    Manner { framing, last_line: asked || framing == Framing::Plain, is_protected: false }
}

/// Submits the run; the answer's body is what it prints.
async fn start(
    request: &HttpRequest,
    state: &State,
    run: &RunRequest,
    manner: Manner,
) -> Result<HttpResponse, WebError> {
    let id = if manner.is_protected { submission::sealed_run() } else { submission::fresh_run() };
    let follower = state.feed.follow_log(&state.runs, id.clone(), 0);
    // Whoever has no cookie could be a new visitor with each request; their network is not.
    let visitor = Network::of(request, &state.settings).name();
    submission::submit(&state.runs, &id, run, &visitor).await?;
    if manner.is_protected {
        state.runs.forget(&id).await?;
    }
    let mut response = HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, RAW_POLICY))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Compression would hold output back; the same goes for proxies that know this header.
        .insert_header(ContentEncoding::Identity)
        .insert_header(("x-accel-buffering", "no"))
        .streaming(relay::start(state, follower, manner));
    manner.framing.announce(&mut response, TRAILERS);
    Ok(response)
}

fn name_snippet(response: &mut HttpResponse, value: &str, header: &'static str) {
    use actix_web::http::header::{HeaderName, HeaderValue};
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(header), value);
    }
}
