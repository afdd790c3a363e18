//! What an owner is shown of a snippet's life: kept, restored, deleted.

use reqwest::Response;
use serde_json::json;

use crate::browser::Browser;
use crate::page::SnippetPage;
use crate::protected::post;
use crate::reading::until_shown;
use crate::server::{Server, until};
use crate::socket::{Visitor, fresh_key, quiet_client};

async fn get(visitor: &Visitor, path: &str) -> Response {
    quiet_client().get(format!("{}{path}", visitor.url)).header("cookie", &visitor.cookie).send().await.unwrap()
}

async fn html(visitor: &Visitor, path: &str) -> String {
    get(visitor, path).await.text().await.unwrap()
}

/// What stands beside the heading of the output.
fn beside_output(html: &str) -> &str {
    html.split("id=\"output-of\"").nth(1).unwrap().split("</p>").next().unwrap()
}

/// Waits until the page shows this output as that of its own revision. A run that is over in milliseconds ends before it
/// is told to be the snippet's latest.
async fn shows_its_own(visitor: &Visitor, key: &str, output: &str) {
    until("the output is that of the revision shown", || async {
        let shown = html(visitor, &format!("/{key}")).await;
        shown.contains(output) && beside_output(&shown).contains("hidden")
    })
    .await;
}

/// Two revisions that were run, and then the first again as the third, which was not.
async fn restored(owner: &Visitor) -> String {
    let mut page = owner.fresh().await;
    page.run("bash", "echo one").await;
    page.run("bash", "echo two").await;
    let key = page.key.clone();
    shows_its_own(owner, &key, "two\n").await;
    assert_eq!(post(owner, &format!("/{key}/1/restore"), "").await.status(), 303);
    key
}

#[tokio::test]
async fn output_of_an_older_revision_says_whose_it_is() {
    let owner = Visitor::new(Server::shared().await.url()).await;
    let key = restored(&owner).await;
    let shown = html(&owner, &format!("/{key}")).await;
    let beside = beside_output(&shown);
    assert!(shown.contains("echo one") && shown.contains("two\n"), "{shown}");
    assert!(beside.contains(&format!("href=\"/{key}/2\">revision 2")) && !beside.contains("hidden"), "{beside}");
    let frame = html(&owner, &format!("/{key}/embed")).await;
    assert!(frame.contains("Output of the last run, of revision 2"), "{frame}");
    let mut page = owner.open(&key).await;
    page.run("bash", "echo three").await;
    shows_its_own(&owner, &key, "three\n").await;
    assert!(html(&owner, &format!("/{key}/embed")).await.contains("Output of the last run</h2>"));
}

#[tokio::test]
async fn a_page_with_its_script_says_whose_output_it_shows_until_the_next_run() {
    let owner = Visitor::new(Server::shared().await.url()).await;
    let key = restored(&owner).await;
    let page = SnippetPage::open(&format!("{}/{key}", owner.url)).await;
    page.shows("two").await;
    let beside = |text: &str| format!("return document.getElementById('output-of').innerText === '{text}'");
    page.browser.until("it says whose output it is", &beside("of revision 2")).await;
    let mut other = owner.open(&key).await;
    other.run("bash", "echo three").await;
    page.shows("three").await;
    page.browser.until("the text here started from revision 3", &beside("of revision 4")).await;
    page.reload().await;
    page.browser.until("it says so no longer", "return document.getElementById('output-of').hidden").await;
    let mut save = crate::socket::run_message("bash", "echo four");
    save["type"] = "save".into();
    other.send(save).await;
    page.reload().await;
    page.browser.until("it says so of the next as well", &beside("of revision 4")).await;
}

#[tokio::test]
async fn a_deletion_that_is_loaded_again_deletes_nothing_and_still_offers_undo() {
    let url = Server::shared().await.url();
    let (owner, stranger) = (Visitor::new(url).await, Visitor::new(url).await);
    let key = fresh_key(url).await;
    assert_eq!(post(&owner, &format!("/{key}/save"), "language=bash&content=echo+1").await.status(), 303);
    let (way, behind) = (format!("/{key}/delete"), format!("/{key}/deleted"));
    assert_eq!(get(&owner, &behind).await.status(), 404, "it is there");
    let deleted = post(&owner, &way, "").await;
    assert_eq!((deleted.status().as_u16(), &deleted.headers()["location"]), (303, &behind.parse().unwrap()));
    for _ in 0..2 {
        let shown = get(&owner, &behind).await;
        assert_eq!(shown.headers()["cache-control"], "no-store");
        let shown = shown.text().await.unwrap();
        assert!(
            shown.contains("seconds you can have it back") && shown.contains(&format!("/{key}/undelete")),
            "{shown}"
        );
    }
    let back = get(&owner, &format!("/{key}")).await;
    assert_eq!((back.status().as_u16(), &back.headers()["location"]), (303, &behind.parse().unwrap()));
    assert_eq!(get(&stranger, &behind).await.status(), 404);
    assert_eq!(get(&stranger, &format!("/{key}")).await.status(), 404);
    assert_eq!(post(&owner, &format!("/{key}/undelete"), "").await.status(), 303);
    assert_eq!(get(&owner, &behind).await.status(), 404);
    assert_eq!(get(&owner, &format!("/{key}/raw")).await.text().await.unwrap(), "echo 1");
}

#[tokio::test]
async fn what_was_kept_to_be_read_once_is_said_with_its_address() {
    let url = Server::shared().await.url();
    let browser = Browser::open_without_scripts(1280, 800).await;
    browser.driver.goto(format!("{url}/?language=bash")).await.unwrap();
    let key = browser.driver.current_url().await.unwrap().path().trim_start_matches('/').to_owned();
    browser.find(".keeping summary").await.click().await.unwrap();
    browser.find("input[name=burn]").await.click().await.unwrap();
    browser.find("#keep").await.click().await.unwrap();
    let shown = until_shown(&browser, "Kept, to be read once").await;
    for part in
        [format!("{url}/{key}</a>"), "all its files, its arguments and its input".to_owned(), "/mine".to_owned()]
    {
        assert!(shown.contains(&part), "{part} is not in {shown}");
    }
}

#[tokio::test]
async fn each_control_of_the_revisions_page_stands_under_a_heading_that_names_it() {
    let owner = Visitor::new(Server::shared().await.url()).await;
    let key = fresh_key(&owner.url).await;
    assert_eq!(post(&owner, &format!("/{key}/save"), "language=bash&content=echo+1").await.status(), 303);
    let shown = html(&owner, &format!("/{key}/revisions")).await;
    let below = |heading: &str| {
        let after = shown.split(&format!("<h2>{heading}</h2>")).nth(1).unwrap_or_default();
        after.split("<h2>").next().unwrap().to_owned()
    };
    for (heading, way) in
        [("How long it is kept", "expiry"), ("Password", "password"), ("Another device", "move"), ("Delete", "delete")]
    {
        assert!(below(heading).contains(&format!("action=\"/{key}/{way}\"")), "{heading}: {shown}");
    }
    let others = html(&Visitor::new(&owner.url).await, &format!("/{key}/revisions")).await;
    assert!(others.contains("Kept until its owner deletes it") && !others.contains("<h2>Delete"), "{others}");
}

#[tokio::test]
async fn what_an_owner_has_at_hand_is_there_as_soon_as_it_is_saved() {
    let url = Server::shared().await.url();
    let page = SnippetPage::open(&format!("{url}/?language=bash")).await;
    let shown = "const kept = document.getElementById('kept');
        return [kept.hidden, kept.innerText.split('\\n')[0], document.getElementById('keep') === null]";
    assert_eq!(page.browser.script(shown).await, json!([true, "", false]));
    page.paste("echo mine").await;
    page.press_run().await;
    page.shows("mine").await;
    assert_eq!(page.browser.script(shown).await, json!([false, "Yours", true]));
    page.shows("mine").await;
    let key = page.key().await;
    page.browser.find("#kept-word").await.click().await.unwrap();
    page.browser.find("#kept-link").await.click().await.unwrap();
    page.browser.until("its revisions", "return document.querySelector('form[action$=\"/expiry\"]') !== null").await;
    assert_eq!(page.key().await, format!("{key}/revisions"));
}
