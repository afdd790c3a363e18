//! Markup, terminal sequences and direction controls in title, file names, code and output: inert wherever they are shown.

use std::io::{Cursor, Read};

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::curl::Shell;
use crate::reading::{page, percent_encoded};
use crate::socket::{Visitor, quiet_client};

const MARKUP: &str = "<script>window.hit=1</script>\"'><img src=x onerror=window.hit=1></textarea></title></pre>";
/// A title, a link and the clipboard by OSC, a colour and a question by CSI, each also by one character.
const SEQUENCES: &str =
    "\u{1b}]0;t\u{7}\u{1b}]8;;http://evil\u{1b}\\\u{1b}]52;c;aGk=\u{7}\u{1b}[6n\u{9d}52;c;aGk=\u{9c}\u{9b}6n";
const TURNING: &str = "\u{202e}\u{2066}";

struct Hostile {
    shell: Shell,
    owner: Visitor,
    key: String,
}

impl Hostile {
    /// A snippet of two revisions that holds all of it everywhere, was run, and printed what it holds.
    async fn kept() -> Self {
        let shell = Shell::new(&[]).await;
        let owner = Visitor::new(&shell.site).await;
        let mut page = owner.fresh().await;
        let name = format!("{}.py", MARKUP.replace('/', "_"));
        let code = format!("# {MARKUP}{SEQUENCES}{TURNING}\nprint(open(__file__).read())\n");
        for text in ["1", "2"] {
            let files = json!([{"path": "main.py", "content": code.clone() + "#" + text}, {"path": name, "content": code.clone() + text}]);
            let title = format!("{MARKUP}{SEQUENCES}{TURNING}");
            page.send(json!({"type": "run", "language": "python", "files": files, "title": title, "args": [MARKUP],
                "stdin": format!("{MARKUP}{SEQUENCES}")}))
                .await;
            page.event("finished").await;
        }
        Self { shell, owner, key: page.key }
    }

    /// Everything that shows it as a page.
    fn pages(&self) -> Vec<String> {
        let ways = ["", "/revisions", "/1", "/diff?from=1&to=2", "/embed", "/embed?lines=1", "/forks"];
        let own = ways.map(|way| format!("{}{way}", self.key)).into_iter();
        own.chain(["mine".into(), format!("mine?q={}", percent_encoded(MARKUP)), percent_encoded(MARKUP)]).collect()
    }

    async fn form(&self, way: &str, language: &str) -> String {
        let text = format!("{MARKUP}{SEQUENCES}{TURNING}");
        let code = percent_encoded(
            "import sys
print(sys.argv[1])",
        );
        let body = format!(
            "language={language}&path=&title={0}&args={1}&content={code}",
            percent_encoded(&text),
            percent_encoded(&text.replace(['\'', '"'], ""))
        );
        let request = quiet_client().post(format!("{}/{}/{way}", self.shell.site, self.key)).body(body);
        let request = request.header("cookie", &self.owner.cookie).header("origin", &self.shell.site);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.header("accept", "text/html").send().await.unwrap().text().await.unwrap()
    }
}

/// Nothing of it is an element, and what turns text stands in an element of its own or in a field that shows it raw.
fn is_inert(html: &str, what: &str) {
    assert!(!html.contains("<script>window") && !html.contains("<img src=x"), "{what}: {html}");
    let mut shown = without(&without(html, "<textarea", "</textarea>"), " value=\"", "\"");
    shown = without(&shown, "type=\"application/json\"", "</script>");
    for piece in shown.split("<bdi class=unseen>").skip(1) {
        let mut inside = piece.split("</bdi>").next().unwrap().chars();
        assert!(inside.next().is_some() && inside.next().is_none(), "{what}: one character is marked: {piece}");
    }
    let unmarked = without(&shown, "<bdi class=unseen>", "</bdi>");
    let is_strange =
        |character: char| character.is_control() && !"\n\r\t".contains(character) || TURNING.contains(character);
    let strange = unmarked.find(is_strange);
    assert_eq!(strange.map(|at| &unmarked[unmarked.floor_char_boundary(at.saturating_sub(60))..]), None, "{what}");
}

/// Text without all that stands from the one to the other.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once(to).map_or("", |(_, after)| after));
    std::iter::once(first).chain(rest).collect()
}

#[tokio::test]
async fn it_is_inert_on_every_page_and_in_every_file() {
    let hostile = Hostile::kept().await;
    for way in hostile.pages() {
        is_inert(&page(&way).await, &way);
        let request = quiet_client().get(format!("{}/{way}", hostile.shell.site)).header("accept", "text/html");
        let own = request.header("cookie", &hostile.owner.cookie).send().await.unwrap();
        is_inert(&own.text().await.unwrap(), &format!("{way} of its owner"));
    }
    let result = hostile.form("run", "python").await;
    assert!(result.contains("Finished with exit code 0"), "{result}");
    is_inert(&result, "a result");
    is_inert(&hostile.form("run", &percent_encoded(MARKUP)).await, "a refused form");
    for way in ["raw", "1", "revisions", "diff?from=1&to=2", "forks"] {
        let answer = hostile.shell.curl(&["-H", "Accept: text/plain", &format!("HOST/{}/{way}", hostile.key)]);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{way}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{way}");
    }
    let site = &hostile.shell.site;
    let told = hostile.shell.curl(&[&format!("HOST/oembed?url={site}/{}", hostile.key)]);
    assert_eq!(told.header("content-type"), Some("application/json"));
    let told: Value = serde_json::from_str(&told.body).unwrap();
    is_inert(told["html"].as_str().unwrap(), "oEmbed");
    let title = told["title"].as_str().unwrap();
    assert!(!title.contains(char::is_control) && !title.contains('\u{202e}'), "{title:?}");
    let zip = quiet_client().get(format!("{site}/{}.zip", hostile.key)).send().await.unwrap().bytes().await.unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.enclosed_name().expect("no name leads out of the folder").display().to_string();
        assert!(name.starts_with(&hostile.key) && !name.contains(char::is_control), "{name}");
        file.read_to_end(&mut Vec::new()).unwrap();
    }
    let drawn = quiet_client().get(format!("{site}/{}.png", hostile.key)).send().await.unwrap();
    assert_eq!((drawn.status().as_u16(), drawn.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
}

#[tokio::test]
async fn in_a_browser_it_runs_nothing_and_turns_nothing() {
    let hostile = Hostile::kept().await;
    let browser = Browser::open(1280, 800).await;
    for way in hostile.pages() {
        browser.driver.goto(format!("{}/{way}", hostile.shell.site)).await.unwrap();
        let found = browser
            .script("return [window.hit ?? 0, document.querySelectorAll('img[src=x]').length, document.title.includes('\\u202e')]")
            .await;
        assert_eq!(found, json!([0, 0, false]), "{way}");
    }
    // The editor and the terminal, with the last run shown.
    browser.driver.goto(format!("{}/{}", hostile.shell.site, hostile.key)).await.unwrap();
    browser.until("the editor is there", "return document.querySelector('.cm-content') !== null").await;
    browser.until("controls are marked", "return document.querySelectorAll('.cm-specialChar').length > 3").await;
    assert_eq!(browser.script("return window.hit ?? 0").await, json!(0));
    // The line after the control is where its text says: the code's last sign is at the right.
    browser.driver.goto(format!("{}/{}/1", hostile.shell.site, hostile.key)).await.unwrap();
    let order = "const code = document.querySelector('pre.code'), walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        let node; while ((node = walker.nextNode()) && !node.data.includes('window.hit'));
        const range = document.createRange(), at = node.data.indexOf('window.hit');
        const place = index => { range.setStart(node, index); range.setEnd(node, index + 1); return range.getBoundingClientRect().left; };
        return place(at) < place(at + 5)";
    assert_eq!(browser.script(order).await, json!(true));
}
