//! A snippet read as JSON by a program.

use serde_json::{Value, json};

use crate::curl::{Answer, Shell};
use crate::server::Server;
use crate::socket::Visitor;

const JSON: [&str; 2] = ["-H", "Accept: application/json"];

fn ask(shell: &Shell, words: &[&str]) -> Answer {
    shell.curl(&[JSON.as_slice(), words].concat())
}

fn read(shell: &Shell, words: &[&str]) -> Value {
    let answer = ask(shell, words);
    assert!(answer.status == 200 && answer.header("content-type") == Some("application/json"), "{answer:?}");
    assert!(answer.header("vary").unwrap().to_ascii_lowercase().contains("accept"), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn all_of_a_snippet_is_told_and_makes_the_same_one_again() {
    let shell = Shell::new(&[("a.py", "print('<é>')\n")]).await;
    std::fs::write(shell.directory.path().join("b.bin"), [0, 255, 10]).unwrap();
    let words = ["-F", "file=@a.py", "-F", "file=@b.bin", "-F", "title=Two", "-F", "args=x 'y z'", "-F", "stdin=typed"];
    let kept = shell.curl(&[words.as_slice(), &["-F", "expires=1d", "HOST/"]].concat());
    let url = kept.body.trim();
    let mut told = read(&shell, &[url]);
    let (created, expires) = (told["created"].take(), told["expires"].take());
    let moment = |value: &Value| value.as_str().is_some_and(|text| text.len() == 20 && text.ends_with('Z'));
    assert!(moment(&created) && moment(&expires) && created.as_str() < expires.as_str(), "{created} {expires}");
    let files = json!([{"path": "a.py", "content": "print('<é>')\n"}, {"path": "b.bin", "content": "AP8K", "encoding": "base64"}]);
    let expected = json!({"key": kept.key(), "url": url, "revision": 1, "newest": 1, "title": "Two", "language": "python",
        "files": files, "args": ["x", "y z"], "stdin": "typed", "created": null, "expires": null, "forked_from": null});
    assert_eq!(told, expected);
    // What is told is what the socket takes.
    let mut page = Visitor::new(&shell.site).await.fresh().await;
    let mut save = told.clone();
    save["type"] = "save".into();
    save["revision"] = Value::Null;
    page.send(save).await;
    page.next_that(|message| message["stored"] == 1).await;
    let again = read(&shell, &[&format!("HOST/{}", page.key)]);
    for field in ["title", "language", "files", "args", "stdin"] {
        assert_eq!(again[field], expected[field], "{field}");
    }
}

#[tokio::test]
async fn each_revision_and_its_origin_are_told_and_text_stays_text() {
    let shell = Shell::new(&[("a.py", "print(1)\n"), ("b.py", "print(2)\n")]).await;
    let kept = shell.curl(&["-T", "a.py", "HOST/"]);
    let url = kept.body.trim();
    shell.curl(&["-X", "PUT", "--data-binary", "@b.py", "-H", &kept.bearer(), url]);
    let contents =
        |told: &Value| (told["revision"].clone(), told["newest"].clone(), told["files"][0]["content"].clone());
    let (first, second) = (("print(1)\n", 1), ("print(2)\n", 2));
    for (way, (content, number)) in [("", second), ("?revision=1", first), ("/1", first), ("/2", second)] {
        let told = read(&shell, &[&format!("{url}{way}")]);
        assert_eq!(contents(&told), (number.into(), 2.into(), content.into()), "{way}: {told}");
        assert_eq!(shell.curl(&[&format!("{url}{way}")]).body, content, "{way}");
    }
    let mut fork = Visitor::new(&shell.site).await.open(&kept.key()).await;
    fork.send(json!({"type": "save", "language": "bash", "files": [{"path": "", "content": "echo 1"}]})).await;
    fork.next_that(|message| message["stored"] == 1).await;
    let told = read(&shell, &[&format!("HOST/{}", fork.key)]);
    assert_eq!(told["forked_from"], json!({"key": kept.key(), "revision": 2}));
    assert_eq!(ask(&shell, &[&format!("{url}/3")]).status, 404);
    assert_eq!(ask(&shell, &[&format!("{url}?revision=3")]).status, 404);
}

#[tokio::test]
async fn json_goes_by_the_same_door_as_text() {
    let shell = Shell::at(Server::shared().await.url(), &[("a.py", "print('hidden')\n")]);
    let locked = shell.curl(&["-F", "file=@a.py", "-F", "password=sesame", "-F", "title=Hidden", "HOST/"]);
    let url = locked.body.trim();
    for way in ["", "/1"] {
        let refused = ask(&shell, &[&format!("{url}{way}")]);
        assert!(refused.status == 401 && !refused.body.to_ascii_lowercase().contains("hidden"), "{refused:?}");
        let told = read(&shell, &["-u", ":sesame", &format!("{url}{way}")]);
        assert_eq!((&told["title"], &told["files"][0]["content"]), (&json!("Hidden"), &json!("print('hidden')\n")));
    }
    let burning = shell.curl(&["-T", "a.py", "HOST/?burn=1"]);
    let asked = ask(&shell, &[burning.body.trim()]);
    assert!(asked.status == 409 && !asked.body.contains("hidden"), "{asked:?}");
    assert_eq!(ask(&shell, &["-X", "POST", &format!("{}/burn", burning.body.trim())]).status, 200);
    assert_eq!(ask(&shell, &[burning.body.trim()]).status, 410);
}
