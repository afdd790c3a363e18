//! The web alone, in this process: what its settings refuse, and how it ends.

use std::sync::Arc;

use codecube::db::embedded::Embedded;
use codecube::db::{Db, keys};
use codecube::languages::Languages;
use codecube::runs::feed::Feed;
use codecube::runs::store::{QueueLimits, Runs};
use codecube::snippets::store::Snippets;
use codecube::web::settings::Settings;
use codecube::web::state::{Parts, State};
use redis::AsyncCommands;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::socket::{Visitor, quiet_client};

struct Web {
    url: String,
    state: State,
    handle: actix_web::dev::ServerHandle,
    db: Db,
    stop: CancellationToken,
    redis_stop: CancellationToken,
    _directory: TempDir,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop.cancel();
        self.redis_stop.cancel();
    }
}

async fn web(settings: Settings) -> Web {
    let directory = TempDir::new().unwrap();
    let redis = Embedded::start(directory.path()).await.unwrap();
    let db = Db::connect(&redis.url()).await.unwrap();
    let (stop, redis_stop) = (CancellationToken::new(), CancellationToken::new());
    tokio::spawn(redis.supervise(redis_stop.clone()));
    let (feed, _) = Feed::start(db.clone(), stop.clone());
    let runs = Runs::new(db.clone(), QueueLimits::default());
    let languages = Arc::new(Languages::load().unwrap());
    let parts = Parts { runs, feed, snippets: Snippets::new(db.clone()), languages };
    let (state, _) = State::start(parts, settings, stop.clone());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = codecube::web::server::server(listener, state.clone(), 1).unwrap();
    let handle = server.handle();
    tokio::spawn(server);
    Web { url, state, handle, db, stop, redis_stop, _directory: directory }
}

#[tokio::test]
async fn nobody_is_counted_as_watching_once_the_server_has_ended() {
    let web = web(Settings::default()).await;
    let mut page = Visitor::new(&web.url).await.fresh().await;
    page.next_that(|value| value["type"] == "viewers").await;
    let viewers = || async { web.db.commands().zcard::<_, u64>(keys::snippet_viewers(&page.key)).await.unwrap() };
    assert_eq!(viewers().await, 1);
    web.stop.cancel();
    web.handle.stop(true).await;
    web.state.viewers_gone().await;
    assert_eq!(viewers().await, 0);
}

#[tokio::test]
async fn a_strangers_name_for_this_machine_is_answered_with_what_to_do() {
    let web = web(Settings { loopback_only: true, ..Settings::default() }).await;
    let ask = |host: &'static str| {
        let request = quiet_client().get(format!("{}/healthz", web.url)).header("host", host);
        async move { request.send().await.unwrap() }
    };
    assert_eq!(ask("localhost:8080").await.status(), 200);
    let refused = ask("evil.example").await;
    assert_eq!(refused.status(), 421);
    assert!(refused.text().await.unwrap().contains("--public-url"));
}
