//! The listening server and its limits on connections.

use std::any::Any;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::{Extensions, Server};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer};
use nix::sys::socket::{setsockopt, sockopt};

use crate::web::routes::configure;
use crate::web::state::State;

/// Time for a request's head to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Time that an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Time for requests to end once the server should.
const SHUTDOWN_SECONDS: u64 = 5;
/// After so long without taking any bytes a client is cut off. Nothing else ends one that stops reading: its
/// socket's actor sleeps until there is room.
const UNREAD_LIMIT: Duration = Duration::from_secs(60);

/// Serves on a bound listener until the handle of the result is told to stop. Cancel the state's token first:
/// sockets end by that only.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(listener: TcpListener, state: State, workers: usize) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        let state = state.for_worker();
        App::new().configure(move |config| configure(config, state))
    });
    Ok(server
        .workers(workers)
        .client_request_timeout(HEAD_WITHIN)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .on_connect(limit_unread)
        // Who closes a connection has gone, and what was streamed to them ends: with curl that stops the run.
        .h1_allow_half_closed(false)
        .listen(listener)?
        .run())
}

fn limit_unread(connection: &dyn Any, _: &mut Extensions) {
    let milliseconds = u32::try_from(UNREAD_LIMIT.as_millis()).unwrap_or(u32::MAX);
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = setsockopt(stream, sockopt::TcpUserTimeout, &milliseconds)
    {
        tracing::debug!(%error, "a connection's limit on unread bytes could not be set");
    }
}
