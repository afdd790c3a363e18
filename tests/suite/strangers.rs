//! What a stranger must not see or do.

use serde_json::json;

use crate::server::Server;
use crate::socket::Visitor;

#[tokio::test]
async fn a_strangers_run_is_neither_shown_nor_obeys_on_a_page_of_ones_own() {
    let url = Server::shared().await.url();
    let mut page = Visitor::new(url).await.fresh().await;
    page.start("bash", "echo secret; read line; echo \"got $line\"").await;
    let secret = page.event("output").await;
    let run = secret["run"].as_str().unwrap();

    let stranger = Visitor::new(url).await;
    let mut own = stranger.fresh().await;
    own.run("bash", "echo mine").await;
    let mut own = stranger.open_after(&own.key, &format!("?run={run}&after=0")).await;
    for word in ["stop", "input", "eof"] {
        own.send(json!({"type": word, "run": run, "data": "theirs\n"})).await;
        let heard = own.next_that(|value| value["type"] == "error" || value["run"] == run).await;
        assert_eq!((&heard["type"], &heard["code"]), (&json!("error"), &json!("not_yours")), "{heard}");
    }

    page.send(json!({"type": "input", "run": run, "data": "ours\n"})).await;
    assert_eq!(page.event("output").await["data"], "got ours\n");
}

#[tokio::test]
async fn the_owner_of_a_snippet_may_stop_a_run_of_it_after_coming_back() {
    let visitor = Visitor::new(Server::shared().await.url()).await;
    let mut page = visitor.fresh().await;
    page.start("bash", "echo up; sleep 50").await;
    let up = page.event("output").await;
    let query = format!("?run={}&after={}", up["run"].as_str().unwrap(), up["id"]);
    let mut again = visitor.open_after(&page.key, &query).await;
    again.send(json!({"type": "stop", "run": up["run"]})).await;
    assert_eq!(again.event("finished").await["outcome"], "stopped");
}
