//! What expired or was deleted while a page of it was open: the text stays in the page, and nothing is put in its place.

use serde_json::{Value, json};

use crate::curl::Shell;
use crate::page::SnippetPage;
use crate::server::Server;
use crate::socket::{Visitor, quiet_client};

/// As if its time were over.
async fn expire(key: &str) {
    let mut redis = Server::shared().await.redis().await;
    let names = ["", ":runs"].map(|tail| format!("{{snippet:{key}}}{tail}"));
    redis::cmd("DEL").arg(&names).query_async::<()>(&mut redis).await.unwrap();
}

fn run(text: &str, revision: u64) -> Value {
    json!({"type": "run", "language": "bash", "files": [{"path": "", "content": text}], "revision": revision})
}

/// F27, for the owner and for a guest who still looks at it.
#[tokio::test]
async fn a_run_of_what_has_expired_is_refused_and_the_next_one_gets_an_address_of_its_own() {
    let url = Server::shared().await.url();
    let (owner, guest) = (Visitor::new(url).await, Visitor::new(url).await);
    let mut own = owner.fresh().await;
    own.send(run("echo 1", 0)).await;
    own.finish().await;
    let key = own.key.clone();
    let mut other = guest.open(&key).await;
    expire(&key).await;
    for page in [&mut own, &mut other] {
        page.send(run("echo again", 1)).await;
        let told = page.next_that(|heard| heard["saved"] == false).await;
        assert_eq!((&told["revision"], &told["owner"]), (&json!(0), &json!(false)));
        let refused = page.next_that(|heard| heard["type"] == "error").await;
        assert_eq!(refused["code"], "gone_meanwhile");
        assert_ne!(page.key, key);
        page.send(run("echo again", 0)).await;
        assert_eq!(page.finish().await.output(), "again\n");
        assert_eq!(Shell::new(&[]).await.curl(&[&format!("HOST/{}", page.key)]).body, "echo again");
    }
    assert_ne!(own.key, other.key);
    assert_eq!(Shell::new(&[]).await.curl(&[&format!("HOST/{key}")]).status, 404, "whoever has the link finds nothing");
}

#[tokio::test]
async fn a_form_of_what_is_gone_comes_back_with_its_text_and_saves_elsewhere() {
    let shell = Shell::new(&[("a.sh", "echo 1\n")]).await;
    for (way, is_deleted) in [("save", false), ("run", false), ("save", true)] {
        let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
        let key = kept.key();
        if is_deleted {
            shell.curl(&["-X", "DELETE", "-H", &kept.bearer(), kept.body.trim()]);
        } else {
            expire(&key).await;
        }
        let visitor = Visitor::new(&shell.site).await;
        let send = async |action: &str, revision: &str| {
            let form = quiet_client().post(format!("{}{action}", shell.site)).header("cookie", &visitor.cookie);
            let form = form.header("origin", &shell.site).header("accept", "text/html");
            let form = form.header("content-type", "application/x-www-form-urlencoded");
            form.body(format!("language=bash&content=my+own+text&revision={revision}")).send().await.unwrap()
        };
        let refused = send(&format!("/{key}/{way}"), "1").await;
        assert_eq!(refused.status(), 404);
        let html = refused.text().await.unwrap();
        assert!(html.contains("my own text") && html.contains("name=\"revision\" value=\"0\""), "{html}");
        assert!(html.contains("This snippet is gone: it expired, or its owner deleted it."), "{html}");
        let action = html.split("id=\"save\"").nth(1).unwrap().split("formaction=\"").nth(1).unwrap();
        let action = action.split('"').next().unwrap();
        assert!(!action.contains(&key), "{action}");
        assert_eq!(send(action, "0").await.status(), 303);
        assert_eq!(shell.curl(&[&format!("HOST/{key}")]).status, 404);
    }
}

#[tokio::test]
async fn a_page_says_that_its_snippet_is_gone_and_runs_it_anew() {
    let page = SnippetPage::open(&format!("{}/?language=python", Server::shared().await.url())).await;
    page.paste("print('mine')").await;
    page.browser.find("#save").await.click().await.unwrap();
    page.says("Saved").await;
    assert_eq!(page.browser.script("return location.search").await, json!(""), "the address is the link to share");
    let key = page.key().await;
    expire(&key).await;
    page.press_run().await;
    page.says("This snippet is gone").await;
    assert_eq!(page.code().await, "print('mine')");
    assert_ne!(page.key().await, key);
    page.press_run().await;
    page.says("Finished with exit code 0").await;
    assert_eq!(Shell::new(&[]).await.curl(&[&format!("HOST/{key}")]).status, 404);
    assert_eq!(Shell::new(&[]).await.curl(&[&format!("HOST/{}", page.key().await)]).body, "print('mine')");
}
