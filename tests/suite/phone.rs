//! The page on small screens.

use crate::accessibility::{dark, is_clean};
use crate::page::SnippetPage;
use crate::server::Server;
use crate::socket::Visitor;

/// The title's field, and every control of the bar that a desktop shows.
const BAR: &str = "
    const box = selector => document.querySelector(selector).getBoundingClientRect();
    const shown = selector => { const {left, right, width} = box(selector); return width > 30 && left >= 0 && right <= innerWidth };
    return {
        title: box('#title').width,
        missing: ['#language', '#run', '#save', '#share', '#share-panel summary', '#fork', '.new'].filter(selector => !shown(selector)),
        overflow: document.documentElement.scrollWidth - innerWidth,
        under: [...document.querySelectorAll('.bar .control')].filter(control => {
            const {left, top, width, height} = control.getBoundingClientRect();
            return !control.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }).map(control => control.id),
    }";

#[tokio::test]
async fn the_title_has_room_and_no_control_of_the_bar_is_missing_on_any_screen() {
    let mut saved = Visitor::new(Server::shared().await.url()).await.fresh().await;
    saved.run("typescript", "console.log(1)").await;
    let page = SnippetPage::open(&format!("{}/{}", saved.visitor.url, saved.key)).await;
    // The title is a field for its owner alone, and this browser is its own owner after its first run.
    page.press_run().await;
    page.browser.until("it is a copy of one's own", "return !document.getElementById('title').disabled").await;
    for width in [320, 360, 412, 559, 600, 699, 768, 859, 1024] {
        page.browser.be_as_wide_as(width).await;
        let bar = page.browser.script(BAR).await;
        assert_eq!(
            (&bar["missing"], &bar["under"], &bar["overflow"]),
            (&vec![""; 0].into(), &vec![""; 0].into(), &0.into()),
            "{width}: {bar}"
        );
        let least = if width < 860 { f64::from(width) / 2.0 } else { 120.0 };
        assert!(bar["title"].as_f64().unwrap() > least, "{width}: {bar}");
    }
}

/// By how much a page is wider than the screen.
const OVERFLOW: &str = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";

/// On a small screen and a large one: clean, and not wider than that.
async fn fits(page: &SnippetPage, what: &str) {
    for width in [320, 360, 1280] {
        page.browser.be_as_wide_as(width).await;
        assert_eq!(page.browser.script(OVERFLOW).await, 0, "{what} at {width}");
        is_clean(&page.browser, &format!("{what} at {width}")).await;
    }
}

#[tokio::test]
async fn an_owners_pages_fit_every_screen_and_are_clean() {
    let url = Server::shared().await.url();
    let page = SnippetPage::open(url).await;
    page.press_run().await;
    page.says("exit code 0").await;
    page.browser.script("document.getElementById('title').value = 'Another title of some length'").await;
    page.browser.find("#save").await.click().await.unwrap();
    page.says("Saved").await;
    dark(&page.browser).await;
    fits(&page, "output of an older revision").await;
    let key = page.key().await;
    for path in ["revisions", "1", "diff?from=1&to=2", "revisions"] {
        page.browser.driver.goto(format!("{url}/{key}/{path}")).await.unwrap();
        fits(&page, path).await;
    }
    page.browser.find("form[action$='/delete'] button").await.click().await.unwrap();
    page.browser.until("it is deleted", "return location.pathname.endsWith('/deleted')").await;
    fits(&page, "deleted").await;
    page.go(url).await;
    let burn = "document.querySelector('.keeping').open = true; document.getElementById('keep-burn').checked = true";
    page.browser.script(burn).await;
    page.browser.find("#keep").await.click().await.unwrap();
    page.browser.until("it is kept", "return document.querySelector('.address') !== null").await;
    assert_eq!(page.browser.script("return location.search").await, "", "the address bar holds the link to send");
    fits(&page, "kept, to be read once").await;
    let wide = "document.querySelector('.address a').textContent = 'https://' + 'W'.repeat(60)";
    page.browser.script(wide).await;
    fits(&page, "kept, under a long address").await;
    page.browser.find("form[action$='/burn'] button").await.click().await.unwrap();
    page.browser.until("it is read", "return location.pathname.endsWith('/burn')").await;
    fits(&page, "burnt").await;
    page.browser.driver.goto(format!("{url}/mine")).await.unwrap();
    fits(&page, "mine").await;
}
