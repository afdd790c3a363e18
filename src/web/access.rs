//! Around every request: one log line without secrets, a time limit on bodies, and the check of where it comes from.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_http::BoxedPayloadStream;
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use bytes::Bytes;
use futures_util::stream::unfold;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::time::Instant;
use tracing::Instrument;

use crate::snippets::key::SnippetKey;
use crate::web::accept::Form;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::network::Network;
use crate::web::origin::{self, Origin};
use crate::web::query;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::routes;
use crate::web::secrets::admission;
use crate::web::state::State;
use crate::web::visitor;

/// Time for a request's body to arrive; a form that trickles in ends here.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The pattern of the route that answers a request; stands in the request's extensions, because finding it means
/// to compare the address with every route.
#[derive(Clone)]
pub(super) struct Route(Cow<'static, str>);

impl Route {
    /// What most requests ask for is known without comparing it with all patterns: no other address looks like a key's.
    fn of(request: &ServiceRequest) -> Self {
        if request.path() == "/" {
            return Self(Cow::Borrowed("/"));
        }
        if request.path().strip_prefix('/').is_some_and(SnippetKey::is_alike) {
            return Self(Cow::Borrowed(routes::SNIPPET));
        }
        Self(request.match_pattern().map_or(Cow::Borrowed("unknown"), Cow::Owned))
    }

    /// Whether a request is answered by the route with this pattern.
    pub(super) fn is(extensions: &Extensions, pattern: &str) -> bool {
        extensions.get::<Self>().is_some_and(|route| route.0 == pattern)
    }
}

/// Middleware: one line per request. Names the route, never the address: an address holds a snippet's key.
pub(super) async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id();
    let method = request.method().clone();
    let route = Route::of(&request);
    request.extensions_mut().insert(route.clone());
    let route = route.0;
    let span = tracing::info_span!("request", id = %id);
    let mut response = next.call(request).instrument(span.clone()).await?;
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    span.in_scope(|| {
        tracing::info!(%method, %route, status, ms, "answered {method} {route} with {status} in {ms} ms");
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}

/// Middleware: the host must be one of ours, the address must hold no secret, and what changes something must come from
/// one of our own pages or from a program, in time, and not too often.
pub(super) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let settings = request.app_data::<Data<State>>().map(|state| state.settings.clone()).unwrap_or_default();
    let public_url = settings.public_url.as_deref();
    if settings.loopback_only && public_url.is_none() && !origin::is_for_this_machine(request.headers()) {
        return Ok(request.error_response(WebError::StrangeHost));
    }
    if query::names_secret(request.query_string()) {
        return Ok(request.error_response(WebError::Refused(Refusal::SecretInAddress)));
    }
    if let Err(error) = count(&request).and_then(|()| admit(&request)) {
        return Ok(request.error_response(error));
    }
    if request.method().is_safe() {
        let response = next.call(request).await?.map_into_boxed_body();
        count_miss(&response);
        return Ok(response);
    }
    let with_cookie = visitor::is_known_by_cookie(request.request(), &settings);
    match origin::of(request.headers(), public_url) {
        Origin::Ours => {}
        // A program: it states no origin, and nobody can make a browser send its cookie without one.
        Origin::Unstated if !with_cookie => {}
        Origin::Unstated | Origin::Foreign => return Ok(request.error_response(WebError::ForeignOrigin)),
    }
    let payload = request.take_payload();
    request.set_payload(Payload::from(Box::pin(in_time(payload)) as BoxedPayloadStream));
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Names a request in the log. It need not be secret, only unlike all others and without a word about their number.
fn request_id() -> String {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}", SEED.hash_one(COUNT.fetch_add(1, Ordering::Relaxed)))
}

fn admit(request: &ServiceRequest) -> Result<(), WebError> {
    request.app_data::<Data<State>>().map_or(Ok(()), |state| admission::check(request, state))
}

/// Counts what costs something, unless its handler does.
fn count(request: &ServiceRequest) -> Result<(), WebError> {
    let Some(state) = request.app_data::<Data<State>>() else {
        return Ok(());
    };
    let network = Network::of(request.request(), &state.settings);
    let is_form = request.method() == Method::POST && Form::wanted(request.headers()) == Form::Page;
    let extensions = request.extensions();
    match extensions.get::<Route>().map(|route| route.0.as_ref()) {
        Some("/{key}/socket") => state.rates.count(Kind::Socket, network),
        _ if request.method().is_safe() => state.rates.check(Kind::Miss, network),
        Some("/{key}/run" | "/{key}/save") if is_form => Ok(()),
        Some("/{key}/run" | "/run/{language}" | routes::NAMED_RUN | headers::EMBED) => {
            state.rates.count(Kind::Run, network)
        }
        _ => state.rates.count(Kind::Change, network),
    }
}

/// Counts an address at which nothing is: keys are looked for like that.
fn count_miss(response: &ServiceResponse) {
    if response.status() == StatusCode::NOT_FOUND
        && let Some(state) = response.request().app_data::<Data<State>>()
    {
        let network = Network::of(response.request(), &state.settings);
        // Too many are refused before they are looked for.
        state.rates.note(Kind::Miss, network);
    }
}

/// A body that must arrive within [`BODY_WITHIN`].
fn in_time(payload: Payload) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let late = tokio::time::sleep(BODY_WITHIN).map(|()| {
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Some(Err(PayloadError::Io(late)))
    });
    unfold((payload, Box::pin(late.fuse())), |(mut payload, mut late)| async {
        let chunk = tokio::select! {
            // What is here already needs no clock.
            biased;
            chunk = payload.next() => chunk,
            late = &mut late => late,
        };
        chunk.map(|chunk| (chunk, (payload, late)))
    })
    // Readers of forms ask once more behind the end.
    .fuse()
}
