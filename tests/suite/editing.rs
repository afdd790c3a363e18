//! Editing in the page: several files, drafts that outlive a tab, and the keyboard alone.

use serde_json::{Value, json};
use thirtyfour::{Key, TypingData};

use crate::page::SnippetPage;
use crate::server::Server;
use crate::socket::{Visitor, quiet_client};

/// A fresh page of somebody who was never here.
pub async fn fresh() -> SnippetPage {
    SnippetPage::open(Server::shared().await.url()).await
}

pub async fn press(page: &SnippetPage, selector: &str) {
    page.browser.find(selector).await.click().await.unwrap();
}

async fn keys(page: &SnippetPage, keys: impl Into<TypingData>) {
    page.browser.driver.active_element().await.unwrap().send_keys(keys.into()).await.unwrap();
}

/// The names on the tabs, the shown one in brackets.
pub async fn tabs(page: &SnippetPage) -> String {
    let names = "return [...document.querySelectorAll('#files [role=tab]')]
        .map(tab => tab.ariaSelected === 'true' ? `[${tab.textContent}]` : tab.textContent).join(' ')";
    page.browser.script(names).await.as_str().unwrap().to_owned()
}

/// Adds a file with this name and text.
pub async fn add(page: &SnippetPage, path: &str, text: &str) {
    press(page, "#add-file").await;
    page.browser.control("a").await;
    keys(page, path + Key::Enter).await;
    page.browser.until("the name is taken", "return document.getElementById('rename').hidden").await;
    page.paste(text).await;
}

/// What stands under the page's key in this file.
pub async fn raw(page: &SnippetPage, path: &str) -> Option<Vec<u8>> {
    let url = Server::shared().await.url();
    let answer = quiet_client().get(format!("{url}/{}/raw/{path}", page.key().await)).send().await.unwrap();
    if answer.status() == 200 { Some(answer.bytes().await.unwrap().to_vec()) } else { None }
}

/// Waits until the banner has these words.
pub async fn banner_says(page: &SnippetPage, words: &str) {
    let code = format!("return document.getElementById('banner').textContent.includes({})", Value::from(words));
    page.browser.until(&format!("the banner says {words:?}"), &code).await;
}

/// Presses the banner's button with this label.
async fn choose(page: &SnippetPage, label: &str) {
    let code = format!(
        "[...document.querySelectorAll('#banner button')].find(button => button.textContent === {}).click()",
        Value::from(label)
    );
    page.browser.script(&code).await;
}

/// Waits until the draft of what is typed is written.
pub async fn draft_is_kept(page: &SnippetPage, text: &str) {
    let code = format!(
        "return (localStorage.getItem('codecube:draft:' + location.pathname.slice(1)) ?? '').includes({})",
        Value::from(text)
    );
    page.browser.until("the draft is kept", &code).await;
}

#[tokio::test]
async fn several_files_are_added_renamed_moved_deleted_and_saved_in_one_revision() {
    let page = fresh().await;
    page.paste("import lib.util\nprint(open('data.txt').read())").await;
    add(&page, "lib/util.py", "print('from util')").await;
    add(&page, "notes.txt", "some data").await;
    assert_eq!(tabs(&page).await, "main.py lib/util.py [notes.txt]");
    page.browser.script("document.querySelector('#files [aria-selected=true]').focus()").await;
    keys(&page, Key::F2).await;
    page.browser.control("a").await;
    keys(&page, "main.py" + Key::Enter).await;
    page.says("There is a file called main.py already").await;
    page.browser.control("a").await;
    keys(&page, "data.txt" + Key::Enter).await;
    page.browser.until("the tabs are back", "return !document.getElementById('files').hidden").await;
    page.press_run().await;
    page.says("Finished with exit code 0").await;
    page.shows("from util").await;
    page.shows("some data").await;
    let revisions = format!("{}/{}/revisions", Server::shared().await.url(), page.key().await);
    let listed = reqwest::get(revisions).await.unwrap().text().await.unwrap();
    assert_eq!(listed.trim().lines().count(), 1, "{listed}");
    page.reload().await;
    assert_eq!(tabs(&page).await, "[main.py] lib/util.py data.txt");
    page.browser.script("document.querySelector('#files [aria-selected=true]').focus()").await;
    keys(&page, Key::End).await;
    assert_eq!(tabs(&page).await, "main.py lib/util.py [data.txt]");
    keys(&page, Key::Control + Key::Shift + Key::Left).await;
    assert_eq!(tabs(&page).await, "main.py [data.txt] lib/util.py");
    keys(&page, Key::Delete).await;
    assert_eq!(tabs(&page).await, "main.py [lib/util.py]");
    banner_says(&page, "data.txt is deleted").await;
    choose(&page, "Undo").await;
    assert_eq!(tabs(&page).await, "main.py [data.txt] lib/util.py");
    page.browser.script("document.querySelector('#files [aria-selected=true]').focus()").await;
    keys(&page, Key::Delete).await;
    page.browser.control("s").await;
    page.says("Saved").await;
    assert_eq!(
        (raw(&page, "data.txt").await, raw(&page, "lib/util.py").await),
        (None, Some(b"print('from util')".to_vec()))
    );
}

#[tokio::test]
async fn a_tab_is_moved_by_the_mouse() {
    let page = fresh().await;
    add(&page, "b.py", "b").await;
    add(&page, "c.py", "c").await;
    let (last, first) =
        (page.browser.find("#files button:nth-child(3)").await, page.browser.find("#files button").await);
    let drag = page.browser.driver.action_chain().click_and_hold_element(&last).move_by_offset(-20, 0);
    drag.move_to_element_center(&first).move_by_offset(-10, 0).release().perform().await.unwrap();
    assert_eq!(tabs(&page).await, "[c.py] main.py b.py");
}

#[tokio::test]
async fn what_is_typed_and_not_saved_outlives_the_tab() {
    let page = fresh().await;
    page.paste("print('saved')").await;
    press(&page, "#save").await;
    page.says("Saved").await;
    page.paste("print('typed')").await;
    draft_is_kept(&page, "typed").await;
    page.browser.until("it is marked", "return !document.getElementById('dirty').hidden").await;
    page.reload().await;
    banner_says(&page, "Unsaved draft restored").await;
    assert_eq!(page.code().await, "print('typed')");
    press(&page, "#save").await;
    page.says("Saved").await;
    page.browser.until("nothing is left", "return localStorage.length === 0").await;
    page.browser.until("nothing is marked", "return document.getElementById('dirty').hidden").await;
    page.paste("print('thrown away')").await;
    draft_is_kept(&page, "thrown away").await;
    page.reload().await;
    choose(&page, "Discard").await;
    page.browser.until("the saved text is back", "return document.getElementById('banner')?.textContent === '' && document.querySelector('.cm-line')?.textContent === \"print('typed')\"").await;
}

#[tokio::test]
async fn a_draft_that_was_never_saved_is_offered_on_the_next_fresh_page() {
    let page = fresh().await;
    page.paste("print('only here')").await;
    draft_is_kept(&page, "only here").await;
    page.go(Server::shared().await.url()).await;
    banner_says(&page, "There is an unsaved draft").await;
    choose(&page, "Open it").await;
    page.browser
        .until("it is there", "return document.querySelector('.cm-line')?.textContent === \"print('only here')\"")
        .await;
    banner_says(&page, "Unsaved draft restored").await;
}

#[tokio::test]
async fn leaving_is_questioned_only_where_the_draft_cannot_be_kept() {
    let asks = "const leaving = new Event('beforeunload', {cancelable: true}); window.dispatchEvent(leaving);
        return leaving.defaultPrevented";
    let page = fresh().await;
    page.paste("print('kept')").await;
    assert_eq!(page.browser.script(asks).await, json!(false));
    page.browser
        .script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
        .await;
    page.paste("print('not kept')").await;
    assert_eq!(page.browser.script(asks).await, json!(true));
    press(&page, "#save").await;
    page.says("Saved").await;
    assert_eq!(page.browser.script(asks).await, json!(false));
}

#[tokio::test]
async fn a_second_tab_gets_a_choice_and_no_text_is_lost() {
    let page = fresh().await;
    page.paste("print('first')").await;
    press(&page, "#save").await;
    page.says("Saved").await;
    let cookie = page.browser.driver.get_named_cookie("codecube_owner").await.unwrap().value;
    let owner = Visitor { url: Server::shared().await.url().to_owned(), cookie: format!("codecube_owner={cookie}") };
    let mut other_tab = owner.open(&page.key().await).await;
    page.paste("print('mine')").await;
    other_tab
        .send(json!({"type": "save", "language": "python", "files": [{"path": "main.py", "content": "other"}]}))
        .await;
    other_tab.next_that(|heard| heard["stored"].is_u64()).await;
    press(&page, "#save").await;
    banner_says(&page, "Revision 2 was saved elsewhere").await;
    let href = page.browser.script("return document.querySelector('#banner a').getAttribute('href')").await;
    assert_eq!(href, format!("/{}/diff?from=1&to=2", page.key().await));
    choose(&page, "Save mine on top").await;
    page.says("Saved").await;
    assert_eq!(raw(&page, "main.py").await.unwrap(), b"print('mine')");
}

#[tokio::test]
async fn a_quote_that_is_never_closed_is_not_sent() {
    let page = fresh().await;
    press(&page, "#inputs summary").await;
    page.browser.find("#args").await.send_keys("--name 'two words").await.unwrap();
    page.press_run().await;
    page.says("never closed").await;
    let fault = page.browser.find("#args-fault").await.text().await.unwrap();
    assert_eq!(fault, "A ' is never closed. Close it, or put \\ before it if it is meant as it stands.");
    page.browser.find("#args").await.send_keys("'").await.unwrap();
    page.press_run().await;
    page.says("Finished with exit code 0").await;
}

#[tokio::test]
async fn a_guest_who_runs_a_changed_snippet_is_told_of_the_copy() {
    let mut original = Visitor::new(Server::shared().await.url()).await.fresh().await;
    original.run("bash", "echo original").await;
    let page = SnippetPage::open(&format!("{}/{}", Server::shared().await.url(), original.key)).await;
    page.paste("echo changed").await;
    page.press_run().await;
    banner_says(&page, "This is your own copy now").await;
    page.shows("changed").await;
    assert_ne!(page.key().await, original.key);
}

#[tokio::test]
async fn the_beginning_of_a_long_output_is_said_to_have_scrolled_away() {
    let page = fresh().await;
    page.choose("bash").await;
    page.paste("seq 4000").await;
    page.press_run().await;
    page.says("Finished").await;
    assert_eq!(page.browser.script("return document.getElementById('scrolled').hidden").await, json!(true));
    page.paste("seq 6000").await;
    page.press_run().await;
    page.shows("6000").await;
    page.browser.until("it is said", "return !document.getElementById('scrolled').hidden").await;
    let whole = "const done = arguments[0]; const real = URL.createObjectURL;
        URL.createObjectURL = blob => { blob.text().then(text => window.whole = text); return real(blob); };
        document.getElementById('whole-output').click()";
    page.browser.script(whole).await;
    page.browser
        .until("all of it", "return window.whole?.startsWith('1\\n2\\n') && window.whole.endsWith('6000\\n')")
        .await;
}

#[tokio::test]
async fn the_keyboard_alone_leaves_the_editor_and_opens_the_menu() {
    let page = fresh().await;
    page.paste("x").await;
    keys(&page, Key::Tab).await;
    assert!(page.code().await.contains("    "), "Tab indents");
    keys(&page, Key::Escape).await;
    keys(&page, Key::Tab).await;
    page.browser.until("the editor is left", "return !document.activeElement.closest('.cm-editor')").await;
    page.browser.script("document.querySelector('#file-menu summary').focus()").await;
    keys(&page, Key::Enter).await;
    page.browser.until("the menu is open", "return document.getElementById('file-menu').open").await;
    keys(&page, Key::Escape).await;
    page.browser
        .until(
            "the menu is closed",
            "return !document.getElementById('file-menu').open && document.activeElement.matches('summary')",
        )
        .await;
}

#[tokio::test]
async fn without_a_script_a_file_is_added_and_the_others_stay() {
    let page = fresh().await;
    page.paste("print(open('lib/data.txt').read())").await;
    add(&page, "lib/data.txt", "one").await;
    press(&page, "#save").await;
    page.says("Saved").await;
    let address = page.browser.driver.current_url().await.unwrap();
    page.browser.order("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    page.browser.driver.goto(address.as_str()).await.unwrap();
    for summary in page.browser.driver.find_all(thirtyfour::By::Css(".other-file summary")).await.unwrap() {
        summary.click().await.unwrap();
    }
    page.browser.find("#content-1").await.send_keys(" and two").await.unwrap();
    page.browser.find("#path-new").await.send_keys("three.txt").await.unwrap();
    page.browser.find("#content-new").await.send_keys("three").await.unwrap();
    press(&page, "#run").await;
    page.browser.until("it has run", "return document.body.innerText.includes('and two')").await;
    let key = address.path().trim_start_matches('/').to_owned();
    let url = Server::shared().await.url();
    for (path, text) in [("three.txt", "three"), ("lib/data.txt", "one and two")] {
        let raw = quiet_client().get(format!("{url}/{key}/raw/{path}")).send().await.unwrap();
        assert_eq!(raw.text().await.unwrap(), text);
    }
}

/// Whether the figures and the number of viewers stand clear of each other.
const APART: &str =
    "const [a, b] = ['ticking', 'viewers'].map(id => document.getElementById(id).getBoundingClientRect());
    return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top";

/// Makes all text twice as large, as browsers do that enlarge text alone.
const TEXT_TWICE: &str = "const all = [...document.querySelectorAll('body *')];
    const sizes = all.map(element => [getComputedStyle(element).fontSize, getComputedStyle(element).lineHeight]);
    all.forEach((element, index) => {
      element.style.fontSize = 2 * parseFloat(sizes[index][0]) + 'px';
      if (sizes[index][1].endsWith('px')) element.style.lineHeight = 2 * parseFloat(sizes[index][1]) + 'px';
    })";

#[tokio::test]
async fn nothing_is_cut_or_covered_in_a_low_window_a_narrow_one_and_with_large_text() {
    let page = fresh().await;
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let screen =
        |width: u32, height: u32| json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    page.browser.order("Emulation.setDeviceMetricsOverride", screen(640, 400)).await;
    let fields_show = "const pane = document.getElementById('editor').getBoundingClientRect();
        return document.querySelector('#inputs summary').getBoundingClientRect().bottom <= pane.bottom
          && document.querySelector('.editor').clientHeight > 150 && document.querySelector('.screen').clientHeight > 150";
    page.browser.until("the fields are not cut", fields_show).await;
    page.browser.be_a_phone().await;
    let texts = "document.getElementById('viewers').textContent = '117 people watching';
        document.getElementById('status').textContent = 'Running…';
        document.getElementById('ticking').textContent = '12.3 s · CPU 3.1 s · memory 512 MiB'";
    page.browser.script(texts).await;
    assert_eq!(page.browser.script(APART).await, json!(true));
    assert_eq!(page.browser.script(overflow).await, json!(0));
    page.browser.script(TEXT_TWICE).await;
    assert_eq!(page.browser.script(overflow).await, json!(0));
    page.browser.order("Emulation.setDeviceMetricsOverride", screen(1280, 800)).await;
    page.reload().await;
    page.browser.script(TEXT_TWICE).await;
    assert_eq!(page.browser.script(overflow).await, json!(0));
}
