//! The socket: the only file with actix-web-actors. It turns frames into texts for the viewer and back, and
//! bounds both directions: what comes in by the inbox's gate, what goes out by the actor itself, which is the
//! answer's body and so runs only while the client takes bytes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Handler, Message, StreamHandler};
use actix_web::error::PayloadError;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_web_actors::ws::{self, CloseCode, CloseReason, ProtocolError, WebsocketContext, WsResponseBuilder};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, Stream};
use serde::Deserialize;
use tokio::time::Instant;

use crate::runs::request::RunId;
use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::fork_of::ForkOf;
use crate::web::inbox::{Gate, Writer, inbox};
use crate::web::origin::{self, Origin};
use crate::web::query::Query;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::viewer::{Arrival, Gone, Outlet, Seen, Viewer};
use crate::web::visitor::Visitor;

const PING_EVERY: Duration = Duration::from_secs(10);
/// After so long without a sign of life the client counts as gone. One that does not even read is ended by the
/// server's limit on unacknowledged bytes.
const SILENCE_LIMIT: Duration = Duration::from_secs(25);

/// What a client that comes back knows, and what a fresh page will be a fork of.
#[derive(Debug, Deserialize)]
pub(super) struct Resume {
    run: Option<String>,
    after: Option<u64>,
    fork: Option<String>,
    /// Present: what the page shows has a password, or is a fork of something that has.
    protected: Option<String>,
}

/// Who asks for a socket, and where.
type Asked = (Data<State>, Visitor, Path<SnippetKey>, Query<Resume>);

/// `GET /{key}/socket`
pub(super) async fn open(request: HttpRequest, asked: Asked, payload: Payload) -> Result<HttpResponse, WebError> {
    let (state, mut visitor, key, resume) = asked;
    check_origin(&request, &state, &visitor)?;
    let place = state.crowd.enter(visitor.network)?;
    if let Some(entered) = door::find(&state, &visitor, &key).await? {
        visitor.keyring = entered.keyring;
    }
    let message_bytes = state.settings.message_bytes();
    let (writer, gate, reader) = inbox();
    let socket = RunSocket { inbox: writer, heard: Instant::now(), partial: None, message_bytes };
    let codec = actix_http::ws::Codec::new().max_size(message_bytes);
    let started = WsResponseBuilder::new(socket, &request, Gated { payload, gate }).codec(codec).start_with_addr();
    let (address, response) =
        started.map_err(|_| WebError::Malformed("This address speaks WebSocket; open the page instead."))?;
    let arrival = arrival(state.get_ref(), &visitor, key.into_inner(), &resume);
    let closing = address.clone();
    let outlet: Outlet = Box::new(move |texts| {
        let sending = address.send(Outgoing(texts));
        async move { sending.await.map_err(|_| Gone) }.boxed()
    });
    state.viewers.spawn(async move {
        Viewer::serve(arrival, reader, outlet).await;
        drop(place);
        closing.do_send(Close);
    });
    Ok(response)
}

fn arrival(state: &State, visitor: &Visitor, key: SnippetKey, resume: &Resume) -> Arrival {
    let run = resume.run.as_deref().and_then(RunId::parse);
    Arrival {
        state: state.clone(),
        visitor: visitor.hash.clone(),
        network: visitor.network,
        keyring: visitor.keyring.clone(),
        is_admitted: visitor.is_admitted,
        key,
        is_protected: resume.protected.is_some(),
        fork_of: resume.fork.as_deref().and_then(ForkOf::parse),
        seen: run.map(|run| Seen { run, after: resume.after.unwrap_or(0) }),
    }
}

/// A browser always states the origin of a socket. A program need not, unless it shows a browser's cookie.
fn check_origin(request: &HttpRequest, state: &State, visitor: &Visitor) -> Result<(), WebError> {
    match origin::of(request.headers(), state.settings.public_url.as_deref()) {
        Origin::Ours => Ok(()),
        Origin::Unstated if !visitor.is_known_by_cookie() => Ok(()),
        Origin::Unstated | Origin::Foreign => Err(WebError::ForeignOrigin),
    }
}

/// The request's bytes, while the inbox has room.
struct Gated {
    payload: Payload,
    gate: Gate,
}

impl Stream for Gated {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.gate.poll_open(context));
        Pin::new(&mut self.payload).poll_next(context)
    }
}

/// Texts for the client; answered when they are on their way.
struct Outgoing(Vec<String>);

impl Message for Outgoing {
    type Result = ();
}

/// The viewer has ended.
struct Close;

impl Message for Close {
    type Result = ();
}

/// The actor of one socket.
struct RunSocket {
    inbox: Writer,
    heard: Instant,
    /// A message that comes in several frames.
    partial: Option<BytesMut>,
    /// Greatest length of one message, in one frame or several.
    message_bytes: usize,
}

impl Actor for RunSocket {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(PING_EVERY, |socket, context| {
            if socket.heard.elapsed() > SILENCE_LIMIT {
                return context.stop();
            }
            context.ping(b"");
        });
    }
}

impl Handler<Outgoing> for RunSocket {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, context: &mut Self::Context) {
        for text in outgoing.0 {
            context.text(text);
        }
    }
}

impl Handler<Close> for RunSocket {
    type Result = ();

    fn handle(&mut self, _: Close, context: &mut Self::Context) {
        close(context, CloseCode::Away);
    }
}

impl StreamHandler<Result<ws::Message, ProtocolError>> for RunSocket {
    fn handle(&mut self, message: Result<ws::Message, ProtocolError>, context: &mut Self::Context) {
        self.heard = Instant::now();
        match message {
            Ok(ws::Message::Text(text)) => self.inbox.put(text.into()),
            Ok(ws::Message::Continuation(item)) => self.continued(item, context),
            Ok(ws::Message::Ping(bytes)) => context.pong(&bytes),
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Ok(ws::Message::Binary(_)) => close(context, CloseCode::Unsupported),
            Ok(ws::Message::Close(reason)) => close(context, reason.map_or(CloseCode::Normal, |reason| reason.code)),
            Err(ProtocolError::Overflow) => close(context, CloseCode::Size),
            Err(_) => close(context, CloseCode::Protocol),
        }
    }
}

impl RunSocket {
    fn continued(&mut self, item: actix_http::ws::Item, context: &mut WebsocketContext<Self>) {
        use actix_http::ws::Item::{Continue, FirstBinary, FirstText, Last};
        let (bytes, is_last) = match item {
            FirstBinary(_) => return close(context, CloseCode::Unsupported),
            FirstText(bytes) => {
                self.partial = Some(BytesMut::new());
                (bytes, false)
            }
            Continue(bytes) => (bytes, false),
            Last(bytes) => (bytes, true),
        };
        let partial = self.partial.get_or_insert_default();
        if partial.len() + bytes.len() > self.message_bytes {
            return close(context, CloseCode::Size);
        }
        partial.extend_from_slice(&bytes);
        if !is_last {
            return;
        }
        match String::from_utf8(self.partial.take().unwrap_or_default().to_vec()) {
            Ok(text) => self.inbox.put(text),
            Err(_) => close(context, CloseCode::Invalid),
        }
    }
}

fn close(context: &mut WebsocketContext<RunSocket>, code: CloseCode) {
    context.close(Some(CloseReason::from(code)));
    context.stop();
}
