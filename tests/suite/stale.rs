//! Two tabs of one owner: the second never overwrites the first without being told.

use serde_json::{Value, json};

use crate::curl::Shell;
use crate::page::SnippetPage;
use crate::server::Server;
use crate::socket::{Page, Visitor, quiet_client};

const BANNER: &str =
    "return document.getElementById('banner').textContent.includes('Revision 2 was saved elsewhere …')";

fn save(text: &str, revision: Option<u64>) -> Value {
    json!({"type": "save", "language": "python", "files": [{"path": "", "content": text}], "revision": revision})
}

async fn stored(page: &mut Page, message: Value) -> u64 {
    page.send(message).await;
    page.next_that(|heard| heard["stored"].is_u64()).await["stored"].as_u64().unwrap()
}

#[tokio::test]
async fn a_socket_that_has_not_seen_the_newest_revision_is_refused_and_may_choose() {
    let owner = Visitor::new(Server::shared().await.url()).await;
    let mut first = owner.fresh().await;
    assert_eq!(stored(&mut first, save("a", Some(0))).await, 1);
    let mut second = owner.open(&first.key).await;
    assert_eq!(stored(&mut first, save("b", Some(1))).await, 2);
    second.send(save("c", Some(1))).await;
    let refused = second.next_that(|heard| heard["type"] == "error").await;
    assert_eq!(refused["code"], "stale");
    assert!(refused["message"].as_str().unwrap().contains("Revision 2"), "{refused}");
    assert_eq!(stored(&mut second, save("b", Some(1))).await, 2, "the same text is no conflict");
    assert_eq!(stored(&mut second, save("c", Some(2))).await, 3);
    assert_eq!(stored(&mut first, save("d", None)).await, 4);
}

#[tokio::test]
async fn a_stale_run_is_not_run() {
    let owner = Visitor::new(Server::shared().await.url()).await;
    let mut page = owner.fresh().await;
    stored(&mut page, save("print(1)", Some(0))).await;
    stored(&mut page, save("print(2)", Some(1))).await;
    page.send(
        json!({"type": "run", "language": "python", "files": [{"path": "", "content": "print(3)"}], "revision": 1}),
    )
    .await;
    let next = page.next_that(|heard| heard["type"] == "error" || heard["type"] == "event").await;
    assert_eq!(next["code"], "stale");
}

#[tokio::test]
async fn the_form_comes_back_with_its_text_and_saves_on_top_when_sent_again() {
    let url = Server::shared().await.url();
    let owner = Visitor::new(url).await;
    let mut page = owner.fresh().await;
    stored(&mut page, save("a", Some(0))).await;
    stored(&mut page, save("b", Some(1))).await;
    let send = async |revision: &str| {
        let form = quiet_client().post(format!("{url}/{}/save", page.key)).header("cookie", &owner.cookie);
        let fields = format!("language=python&content=my+own+text&revision={revision}");
        let form = form.header("origin", url).header("content-type", "application/x-www-form-urlencoded");
        form.body(fields).send().await.unwrap()
    };
    let refused = send("1").await;
    assert_eq!(refused.status(), 409);
    let html = refused.text().await.unwrap();
    assert!(html.contains("my own text") && html.contains("name=\"revision\" value=\"2\""), "{html}");
    assert_eq!(send("2").await.status(), 303);
}

#[tokio::test]
async fn a_program_names_the_revision_that_its_edit_starts_from() {
    let shell = Shell::new(&[("a.py", "print(1)\n"), ("b.py", "print(2)\n")]).await;
    let kept = shell.curl(&["-T", "a.py", "HOST/"]);
    let put = |revision: u64| {
        let address = format!("{}?revision={revision}", kept.body.trim());
        shell.curl(&["-X", "PUT", "--data-binary", "@b.py", "-H", &kept.bearer(), &address]).status
    };
    assert_eq!((put(7), put(1)), (409, 200));
}

#[tokio::test]
async fn a_second_tab_is_told_and_keeps_its_text() {
    let first = SnippetPage::open(Server::shared().await.url()).await;
    first.paste("print('first')").await;
    first.browser.find("#save").await.click().await.unwrap();
    first.says("Saved").await;
    let address = first.browser.script("return location.href").await.as_str().unwrap().to_owned();
    let cookie = first.browser.driver.get_named_cookie("codecube_owner").await.unwrap().value;
    let owner = Visitor { url: Server::shared().await.url().to_owned(), cookie: format!("codecube_owner={cookie}") };
    let mut other_tab = owner.open(&first.key().await).await;
    first.paste("print('mine')").await;
    stored(&mut other_tab, save("print('other')", Some(1))).await;
    first.browser.until("it is told at once", &BANNER.replace("…", "while you were editing. Yours is not saved")).await;
    first.browser.find("#save").await.click().await.unwrap();
    first.says("Revision 2 was saved elsewhere").await;
    assert_eq!(first.code().await, "print('mine')");
    let raw = quiet_client().get(format!("{address}/raw")).send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), "print('other')");
    first.browser.find("#save").await.click().await.unwrap();
    first.says("Saved").await;
    let raw = quiet_client().get(format!("{address}/raw")).send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), "print('mine')");
}

/// Whoever typed nothing has nothing to choose: an owner's other tab, and a reader's page.
#[tokio::test]
async fn a_page_that_nobody_typed_in_shows_what_was_saved_elsewhere() {
    let url = Server::shared().await.url();
    let owner = Visitor::new(url).await;
    let mut tab = owner.fresh().await;
    stored(&mut tab, save("print('first')", Some(0))).await;
    let reader = SnippetPage::open(&format!("{url}/{}", tab.key)).await;
    assert_eq!(reader.code().await, "print('first')");
    let mut newer = save("print('second')", Some(1));
    (newer["title"], newer["args"]) = ("Two".into(), json!(["a b"]));
    stored(&mut tab, newer).await;
    reader.browser.until("it is told", &BANNER.replace(" …", ", and is shown now")).await;
    assert_eq!(reader.code().await, "print('second')");
    let fields = "return [document.getElementById('args').value, document.getElementById('title-text').textContent,
        document.getElementById('revision').value, document.getElementById('dirty').hidden]";
    assert_eq!(reader.browser.script(fields).await, json!(["'a b'", "Two", "2", true]));
    reader.paste("print('mine')").await;
    stored(&mut tab, save("print('third')", Some(2))).await;
    let told = BANNER.replace("Revision 2", "Revision 3").replace("…", "while you were editing. Yours is kept here");
    reader.browser.until("its text stays", &told).await;
    assert_eq!(reader.code().await, "print('mine')");
}

/// Tabs of one browser share what it keeps of unsaved text.
#[tokio::test]
async fn a_tab_that_follows_leaves_the_draft_of_another_tab_alone() {
    let url = Server::shared().await.url();
    let mut program = Visitor::new(url).await.fresh().await;
    stored(&mut program, save("print('first')", Some(0))).await;
    let address = format!("{url}/{}", program.key);
    let page = SnippetPage::open(&address).await;
    let driver = &page.browser.driver;
    let (left, right) = (driver.window().await.unwrap(), driver.new_tab().await.unwrap());
    driver.switch_to_window(right.clone()).await.unwrap();
    page.go(&address).await;
    driver.switch_to_window(left.clone()).await.unwrap();
    page.paste("print('typed')").await;
    let draft = format!("return (localStorage.getItem('codecube:draft:{}') ?? '').includes('typed')", program.key);
    page.browser.until("it is a draft", &draft).await;
    driver.switch_to_window(right).await.unwrap();
    stored(&mut program, save("print('second')", Some(1))).await;
    page.browser.until("it follows", &BANNER.replace(" …", ", and is shown now")).await;
    assert_eq!(page.code().await, "print('second')");
    let later = "window.later ??= performance.now(); return performance.now() - window.later > 1000";
    page.browser.until("what is shown has been looked at for a draft", later).await;
    assert_eq!(page.browser.script(&draft).await, json!(true), "the text that was typed in the other tab");
    driver.switch_to_window(left).await.unwrap();
    page.reload().await;
    assert_eq!(page.code().await, "print('typed')");
}
