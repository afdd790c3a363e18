//! Snippets that can be read once, and burn.

use futures_util::future::join_all;

use crate::protected::{SECRET, shell};
use crate::server::Server;
use crate::socket::quiet_client;

#[tokio::test]
async fn what_burns_is_read_once_by_a_post_alone() {
    let server = Server::shared().await;
    let shell = shell(server);
    let kept = shell.curl(&["-T", "s.py", "HOST/?burn=1"]);
    let (key, url) = (kept.key(), kept.body.trim().to_owned());
    for way in ["", "/raw", ".txt", ".zip", "/revisions", "/1", "/diff?from=1"] {
        for words in [vec![], vec!["-I"], vec!["-H", "Accept: text/html"], vec!["-A", "Slackbot-LinkExpanding 1.0"]] {
            let address = format!("HOST/{key}{way}");
            let answer = shell.curl(&[words.as_slice(), &[&address]].concat());
            assert_eq!(answer.status, 409, "{way} {words:?}");
            assert!(!answer.body.contains("hidden"), "{way}: {}", answer.body);
        }
    }
    for way in [".png", "/embed"] {
        assert_eq!(shell.curl(&[&format!("HOST/{key}{way}")]).status, 404);
    }
    assert_eq!(shell.curl(&[&format!("HOST/{key}/burn")]).status, 405);
    let foreign = shell.curl(&["-X", "POST", "-H", "Origin: https://evil.example", &format!("{url}/burn")]);
    assert_eq!(foreign.status, 403);
    let page = shell.curl(&["-H", "Accept: text/html", &url]);
    assert!(page.body.contains("can be read once") && page.body.contains(&format!("/{key}/burn")), "{}", page.body);
    assert_eq!(shell.curl(&["-X", "PUT", "-H", &kept.bearer(), "-d", "x", &url]).status, 409, "nor changed");

    let burnt = shell.curl(&["-X", "POST", &format!("{url}/burn")]);
    assert_eq!((burnt.status, burnt.body.as_str()), (200, SECRET));
    for words in [vec!["-X", "POST"], vec![], vec!["-H", "Accept: text/html"]] {
        let address = if words.len() == 2 && words[0] == "-X" { format!("{url}/burn") } else { url.clone() };
        let answer = shell.curl(&[words.as_slice(), &[&address]].concat());
        assert!(answer.status == 410 && answer.body.contains("Somebody has read it"), "{words:?}: {}", answer.body);
    }
}

/// Nobody has seen it before, and nobody sees it again: nothing may be left out.
#[tokio::test]
async fn what_burns_gives_its_bytes_its_arguments_and_its_input() {
    let shell = shell(Server::shared().await);
    std::fs::write(shell.directory.path().join("data.bin"), [0, 255, 1]).unwrap();
    let keep = || {
        let words =
            ["-F", "file=@s.py", "-F", "file=@data.bin", "-F", "args=--mine", "-F", "stdin=typed", "-F", "burn=1"];
        let kept = shell.curl(&[&words[..], &["HOST/"]].concat());
        assert_eq!(kept.status, 201, "{}", kept.body);
        format!("{}/burn", kept.body.trim())
    };
    let page = shell.curl(&["-X", "POST", "-H", "Accept: text/html", &keep()]).body;
    for shown in ["data:application/octet-stream;base64,AP8B", "download=\"data.bin\"", "--mine", "typed"] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    let json = shell.curl(&["-X", "POST", "-H", "Accept: application/json", &keep()]).body;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["files"][1]["content"], &json["args"][0]), (&"AP8B".into(), &"--mine".into()), "{json}");
    assert_eq!((&json["stdin"], &json["revision"]), (&"typed".into(), &1.into()), "as of any other snippet");
    let zip = shell.curl(&["-X", "POST", "-o", "burnt.zip", &keep()]);
    assert_eq!((zip.header("content-type"), zip.header("cache-control")), (Some("application/zip"), Some("no-store")));
    let bytes = std::fs::read(shell.directory.path().join("burnt.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut data = Vec::new();
    std::io::Read::read_to_end(&mut archive.by_index(1).unwrap(), &mut data).unwrap();
    assert_eq!(data, [0, 255, 1]);
}

#[tokio::test]
async fn of_many_who_read_at_once_exactly_one_gets_it_and_a_wrong_password_burns_nothing() {
    let server = Server::shared().await;
    let shell = shell(server);
    let kept = shell.curl(&["-u", ":sesame", "-T", "s.py", "HOST/?burn=1"]);
    let url = format!("{}/burn", kept.body.trim());
    assert_eq!(shell.curl(&["-X", "POST", &url]).status, 401);
    assert_eq!(shell.curl(&["-X", "POST", "-u", ":wrong", &url]).status, 401);
    let client = quiet_client();
    let readers = (0..12).map(|_| client.post(&url).basic_auth("", Some("sesame")).send());
    let mut statuses: Vec<u16> =
        join_all(readers).await.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 410), "{statuses:?}");
}
