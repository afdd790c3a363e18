//! A link at whose end nothing is, as a browser shows it: said in words, with the status that programs get, and an editor to
//! start anew.

use serde_json::json;

use crate::curl::Shell;
use crate::page::SnippetPage;
use crate::server::Server;
use crate::socket::{Visitor, fresh_key, quiet_client};

const SAID: &str = "No snippet is at this address: it was never saved, has expired or was deleted";
const BANNER: &str = "return document.getElementById('banner').textContent.includes('No snippet is at this address')";

#[tokio::test]
async fn a_browser_is_told_of_a_dead_link_with_the_status_that_curl_gets() {
    let server = Server::shared().await;
    let shell = Shell::new(&[("a.sh", "echo 1\n")]).await;
    let (deleted, expired) = (shell.curl(&["-T", "a.sh", "HOST/"]), shell.curl(&["-T", "a.sh", "HOST/?expires=1h"]));
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &deleted.bearer(), deleted.body.trim()]).status, 200);
    let mut redis = server.redis().await;
    let names = ["", ":revisions", ":history"].map(|tail| format!("{{snippet:{}}}{tail}", expired.key()));
    redis::cmd("DEL").arg(&names).query_async::<()>(&mut redis).await.unwrap();
    for key in [fresh_key(server.url()).await, deleted.key(), expired.key()] {
        let shown = quiet_client().get(format!("{}/{key}", server.url())).send().await.unwrap();
        assert_eq!(shown.status(), 404, "{key}");
        let html = shown.text().await.unwrap();
        assert!(
            html.contains(SAID) && html.contains("<title>Nothing here") && html.contains("id=\"content\""),
            "{html}"
        );
        assert_eq!(shell.curl(&[&format!("HOST/{key}")]).status, 404);
    }
    let shown = quiet_client().get(format!("{}/{}", server.url(), shell.curl(&["-T", "a.sh", "HOST/"]).key()));
    assert!(!shown.send().await.unwrap().text().await.unwrap().contains(SAID), "it is there");
}

#[tokio::test]
async fn a_fork_of_what_is_gone_is_told_as_such() {
    let url = Server::shared().await.url();
    let (key, gone) = (fresh_key(url).await, fresh_key(url).await);
    let shown = quiet_client().get(format!("{url}/{key}?fork={gone}")).send().await.unwrap();
    assert_eq!(shown.status(), 404);
    assert!(shown.text().await.unwrap().contains("There is nothing to fork at that address"));
}

#[tokio::test]
async fn whoever_asks_for_a_new_page_gets_one_and_its_address_alone_is_dead_until_it_is_saved() {
    let url = Server::shared().await.url();
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    let page = SnippetPage::open(&format!("{url}/?language=bash")).await;
    assert_eq!(page.browser.script(status).await, json!(200));
    assert_eq!(page.browser.script(BANNER).await, json!(false));
    let key = page.key().await;

    let friend = SnippetPage::open(&format!("{url}/{key}")).await;
    assert_eq!(friend.browser.script(status).await, json!(404));
    assert_eq!(friend.browser.script(BANNER).await, json!(true));
    page.paste("echo saved").await;
    page.browser.find("#save").await.click().await.unwrap();
    page.says("Saved").await;
    assert_eq!(page.key().await, key);
    friend.browser.until("whoever waited is told no longer", &BANNER.replace("return ", "return !")).await;
    friend.reload().await;
    assert_eq!(friend.browser.script(status).await, json!(200));
    assert_eq!(friend.code().await, "echo saved");
}

#[tokio::test]
async fn something_new_can_be_started_at_a_dead_link() {
    let url = Server::shared().await.url();
    let page = SnippetPage::open(&format!("{url}/{}", fresh_key(url).await)).await;
    let key = page.key().await;
    assert_eq!(page.browser.script(BANNER).await, json!(true));
    page.paste("print('new')").await;
    page.browser.find("#save").await.click().await.unwrap();
    page.says("Saved").await;
    assert_eq!(page.browser.script(BANNER).await, json!(false));
    assert_eq!(page.key().await, key);
    let stranger = Visitor::new(url).await.open(&key).await;
    assert_eq!(stranger.key, key);
}

#[tokio::test]
async fn what_is_saved_where_a_snippet_was_is_not_called_a_copy_of_it() {
    let shell = Shell::new(&[("a.sh", "echo 1\n")]).await;
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &kept.bearer(), kept.body.trim()]).status, 200);
    let page = SnippetPage::open(kept.body.trim()).await;
    page.paste("print('new')").await;
    page.browser.find("#save").await.click().await.unwrap();
    page.says("Saved. The address has changed.").await;
    let banner = page.browser.script("return document.getElementById('banner').textContent").await;
    let banner = banner.as_str().unwrap();
    assert!(banner.contains("an address of its own: the one before is another snippet's, or was"), "{banner}");
    assert!(!banner.contains("copy") && !banner.contains("original"), "{banner}");
    assert_ne!(page.key().await, kept.key());
    assert_eq!(shell.curl(&[&format!("HOST/{}", page.key().await)]).body, "print('new')");
    assert_eq!(shell.curl(&["-X", "POST", "-H", &kept.bearer(), &format!("HOST/{}/undelete", kept.key())]).status, 200);
}
