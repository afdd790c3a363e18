//! The list of all languages comes after the page, late or not at all: nobody's text waits for it or suffers by it.

use serde_json::json;

use crate::browser::Browser;
use crate::editing::{add, banner_says, draft_is_kept, raw, tabs};
use crate::page::SnippetPage;
use crate::server::Server;

/// A fresh page in a window where the list can be kept away.
async fn fresh() -> SnippetPage {
    let page = SnippetPage { browser: Browser::open(1280, 800).await };
    page.browser.order("Network.enable", json!({})).await;
    page
}

async fn keep_list_away(page: &SnippetPage, is_away: bool) {
    let addresses: &[&str] = if is_away { &["*/languages/*"] } else { &[] };
    page.browser.order("Network.setBlockedURLs", json!({ "urls": addresses })).await;
}

/// Whether the shown file has colours. Before the list has come, those of the page's own language alone are known.
const IS_COLOURED: &str = "return document.querySelector('.cm-line span[class]') !== null";

#[tokio::test]
async fn a_restored_draft_in_another_language_is_left_alone_when_the_list_comes() {
    let page = fresh().await;
    page.go(Server::shared().await.url()).await;
    page.choose("bash").await;
    page.browser.until("the list is there", "return document.getElementById('files').textContent === 'main.sh'").await;
    add(&page, "mine.js", "const mine = 1;").await;
    page.browser.find("#files button").await.click().await.unwrap();
    page.paste(" ").await;
    page.browser.script("document.querySelector('#files [aria-selected=true]').focus()").await;
    page.browser.driver.active_element().await.unwrap().send_keys(thirtyfour::Key::F2 + "").await.unwrap();
    page.browser.control("a").await;
    let name = "empty.txt" + thirtyfour::Key::Enter;
    page.browser.driver.active_element().await.unwrap().send_keys(name).await.unwrap();
    draft_is_kept(&page, "empty.txt").await;
    draft_is_kept(&page, "\"content\":\" \"").await;
    keep_list_away(&page, true).await;
    page.reload().await;
    banner_says(&page, "Unsaved draft restored").await;
    page.browser.find("#files button:nth-child(2)").await.click().await.unwrap();
    assert_eq!(page.browser.script(IS_COLOURED).await, json!(false), "the list is away");
    keep_list_away(&page, false).await;
    page.browser.until("the list has come", IS_COLOURED).await;
    assert_eq!(tabs(&page).await, "empty.txt [mine.js]");
    page.browser.find("#files button").await.click().await.unwrap();
    assert_eq!(page.code().await, " ");
    assert_eq!(page.browser.script("return document.getElementById('language').value").await, json!("bash"));
}

#[tokio::test]
async fn without_the_list_a_page_runs_and_saves_and_a_choice_is_made_good_when_it_comes() {
    let page = fresh().await;
    keep_list_away(&page, true).await;
    page.go(&format!("{}/?language=bash", Server::shared().await.url())).await;
    page.paste("echo ran without it").await;
    page.press_run().await;
    page.shows("ran without it").await;
    page.says("Finished with exit code 0").await;
    page.paste("echo kept").await;
    page.browser.control("s").await;
    page.says("Saved").await;
    assert_eq!(raw(&page, "main.sh").await.unwrap(), b"echo kept");
    page.choose("python").await;
    assert_eq!(page.browser.script("return document.title.includes(' · Python · ')").await, json!(true));
    assert_eq!(tabs(&page).await, "[main.sh]");
    keep_list_away(&page, false).await;
    page.browser.until("it is Python's", "return document.getElementById('files').textContent === 'main.py'").await;
    assert_eq!(page.code().await, "echo kept", "the visitor's own text stays");
}
