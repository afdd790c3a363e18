//! What curl is told when it asks for too much, or for nonsense.

use serde_json::{Value, json};

use crate::curl::Shell;

#[tokio::test]
async fn a_body_to_the_limit_is_kept_and_one_byte_more_is_not() {
    let limit = 262_144;
    let shell = Shell::new(&[]).await;
    let write = |name: &str, bytes: usize| {
        std::fs::write(shell.directory.path().join(name), "#".repeat(bytes)).unwrap();
    };
    write("fits.py", limit);
    write("exceeds.py", limit + 1);
    write("huge.py", 5_000_000);
    assert_eq!(shell.curl(&["-T", "fits.py", "HOST/"]).status, 201);
    let kib = "256 KiB (262144 bytes)";
    for words in [
        vec!["-T", "exceeds.py", "HOST/"],
        vec!["--data-binary", "@exceeds.py", "HOST/?language=python"],
        vec!["--data-binary", "@huge.py", "HOST/?language=python"],
        vec!["--data-binary", "@huge.py", "HOST/run/python"],
        vec!["-F", "file=@exceeds.py", "HOST/"],
        vec!["-F", "file=@fits.py", "-F", "file=@exceeds.py", "HOST/"],
        vec!["-F", "file=@huge.py", "HOST/"],
        vec!["-F", "file=@huge.py", "HOST/run/python"],
        // Without a stated length it is counted as it comes.
        vec!["-H", "Transfer-Encoding: chunked", "--data-binary", "@huge.py", "HOST/?language=python"],
    ] {
        let answer = shell.curl(&words);
        assert!(answer.status == 413 && answer.body.contains(kib), "{words:?}: {answer:?}");
    }
}

#[tokio::test]
async fn too_much_of_anything_is_413_and_the_sentence_names_what_and_the_limit() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    let key = shell.curl(&["-T", "hello.py", "HOST/"]).key();
    for (name, bytes) in [("long", 20_000), ("input", 1024 * 1024 + 1)] {
        std::fs::write(shell.directory.path().join(name), "#".repeat(bytes)).unwrap();
    }
    let filter = format!("HOST/{key}/run");
    let many = ["-F", "file=@hello.py;filename=x.py"].repeat(33);
    for (words, told) in [
        (vec!["--data-binary", "@input", filter.as_str()], "more input than a run is given: 1024 KiB (1048576 bytes)"),
        (
            vec!["-H", "Transfer-Encoding: chunked", "--data-binary", "@input", &filter],
            "more input than a run is given",
        ),
        (vec!["-F", "file=@hello.py", "-F", "stdin=<input", "HOST/"], "at most 1024 KiB (1048576 bytes) are passed on"),
        (vec!["-F", "file=@hello.py", "-F", "args=<long", "HOST/"], "at most 16 KiB (16384 bytes) are passed on"),
        ([many.as_slice(), &["HOST/"]].concat(), "33 files are too many; at most 32 are kept"),
        ([many.as_slice(), &many, &["HOST/"]].concat(), "more files than a snippet can hold: 32 at most"),
    ] {
        let answer = shell.curl(&words);
        assert!(answer.status == 413 && answer.body.contains(told), "{told}: {answer:?}");
    }
}

#[tokio::test]
async fn an_error_is_written_as_the_client_accepts_it() {
    let shell = Shell::new(&[("empty.py", "")]).await;
    let words = ["--data-binary", "@empty.py", "HOST/?language=python"];
    let text = shell.curl(&words);
    let told = "The body is empty, so nothing was kept. Send the text of a file: curl --data-binary @NAME, or -T NAME.";
    assert_eq!((text.status, text.body.trim_end()), (422, told));
    let json_wanted = [&["-H", "Accept: application/json"], words.as_slice()].concat();
    let json: Value = serde_json::from_str(&shell.curl(&json_wanted).body).unwrap();
    assert_eq!(json, json!({"code": "no_file", "message": told}));
    let page_wanted = [&["-H", "Accept: text/html"], words.as_slice()].concat();
    let page = shell.curl(&page_wanted);
    assert!(page.body.contains("<!doctype html>") && page.body.contains("The body is empty"), "{}", page.body);
}

#[tokio::test]
async fn an_empty_body_a_form_without_a_file_and_a_wrong_method_are_told_apart() {
    let shell = Shell::new(&[("hello.py", "print(1)\n"), ("empty.py", "")]).await;
    let kept = shell.curl(&["-T", "hello.py", "HOST/"]);
    let (bearer, at) = (kept.bearer(), |way: &str| format!("{}{way}", kept.body.trim()));
    let (empty, without) = ("The body is empty, so nothing was kept.", "This form holds no file, so nothing was kept.");
    for (words, status, told) in [
        (vec!["-T", "empty.py", "HOST/"], 422, empty),
        (vec!["-X", "POST", "HOST/"], 422, empty),
        (vec!["-X", "PUT", "-H", &bearer, &at("")], 422, empty),
        (vec!["-X", "POST", "HOST/run/python"], 422, empty),
        (vec!["-F", "title=x", "HOST/"], 422, without),
        (vec!["-X", "PUT", "-F", "title=x", "-H", &bearer, &at("")], 422, without),
        (vec!["HOST/run/python"], 405, "This address does not take GET; it takes POST and PUT."),
        (vec!["-d", "", &at("/revisions")], 405, "This address does not take POST"),
        (vec!["-d", "x", &at("")], 405, "This address does not take POST; it takes GET, HEAD, PUT and DELETE."),
        (vec!["-T", "hello.py", "HOST/run/klingon"], 422, "choose one from the list on this server's first page."),
    ] {
        let answer = shell.curl(&words);
        assert!(answer.status == status && answer.body.contains(told), "{words:?}: {answer:?}");
    }
    assert_eq!(shell.curl(&[&at("")]).body, "print(1)\n");
}

/// It was told to do it again, which would have been refused again.
#[tokio::test]
async fn a_program_that_starts_from_an_older_revision_is_told_what_would_go_through() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    let kept = shell.curl(&["-T", "hello.py", "HOST/"]);
    let (bearer, at) = (kept.bearer(), |way: &str| format!("{}{way}", kept.body.trim()));
    let put = |text: &str, way: &str| shell.curl(&["-X", "PUT", "-d", text, "-H", &bearer, &at(way)]);
    assert_eq!(put("print(2)", "?revision=1").status, 200);
    for _ in 0..2 {
        let refused = put("print(3)", "?revision=1");
        assert!(refused.status == 409 && refused.body.contains("would be refused again"), "{refused:?}");
        assert!(refused.body.contains("/2 behind it") && refused.body.contains("?revision=2"), "{refused:?}");
    }
    let json = ["-H", "Accept: application/json", "-X", "PUT", "-d", "x", "-H", &bearer, &at("?revision=1")];
    let json: Value = serde_json::from_str(&shell.curl(&json).body).unwrap();
    assert_eq!(json["code"], "stale");
    assert_eq!((shell.curl(&[&at("/2")]).body.as_str(), put("print(3)", "?revision=2").status), ("print(2)", 200));
}

#[tokio::test]
async fn nonsense_gets_its_status_and_a_sentence() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    std::fs::write(shell.directory.path().join("binary.py"), b"\xff\xfe\x00").unwrap();
    let key = shell.curl(&["-T", "hello.py", "HOST/"]).key();
    for (words, status) in [
        (vec!["-F", "color=red", "HOST/"], 400),
        (vec!["-H", "Content-Type: multipart/form-data", "--data-binary", "@hello.py", "HOST/"], 400),
        (vec!["-F", "file=@hello.py;filename=../hello.py", "HOST/"], 422),
        (vec!["-F", "file=@hello.py", "-F", "file=@hello.py", "HOST/"], 422),
        (vec!["--data-binary", "@hello.py", "HOST/?language=klingon"], 422),
        (vec!["--data-binary", "@hello.py", "HOST/?expires=soon"], 422),
        (vec!["--data-binary", "@hello.py", "HOST/run/klingon"], 422),
        (vec!["--data-binary", "@hello.py", "HOST/aaaaaaaaaaaa/run"], 404),
        (vec!["--data-binary", "@hello.py", "HOST/short/run"], 404),
        (vec!["HOST/aaaaaaaaaaaa"], 404),
        (vec!["HOST/run/python"], 405),
        (vec!["-X", "PATCH", "HOST/"], 405),
        (vec!["--data-binary", "@hello.py", "-H", "Origin: https://elsewhere.example", "HOST/"], 403),
        (vec!["--data-binary", "@hello.py", "-H", "Sec-Fetch-Site: cross-site", "HOST/"], 403),
    ] {
        let answer = shell.curl(&words);
        assert_eq!(answer.status, status, "{words:?}: {}", answer.body);
        assert!(answer.body.len() > 10 && answer.body.ends_with(".\n"), "{words:?}: {}", answer.body);
    }
    assert_eq!(shell.curl(&[&format!("HOST/{key}")]).body, "print(1)\n");
}

#[tokio::test]
async fn a_field_that_is_no_text_is_named_with_what_to_do() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    std::fs::write(shell.directory.path().join("bin"), b"\xff\xfe\x00").unwrap();
    for (field, what) in [
        ("title=<bin", "The title is not text in UTF-8, so nothing was kept"),
        ("stdin=@bin", "The input (stdin) is not text in UTF-8, so nothing was kept"),
        ("args=<bin", "The line of arguments is not text in UTF-8"),
        ("password=<bin", "The password is not text in UTF-8"),
        ("expires=<bin", "The expiry is not text in UTF-8"),
    ] {
        for accept in ["*/*", "application/json"] {
            let accept = format!("Accept: {accept}");
            let answer = shell.curl(&["-H", &accept, "-F", field, "-F", "file=@hello.py", "HOST/"]);
            let told = answer.body.contains(what) && answer.body.contains("iconv -t UTF-8");
            assert!(answer.status == 415 && told, "{field}: {answer:?}");
        }
    }
}

/// They were kept with signs that nobody wrote.
#[tokio::test]
async fn an_address_that_is_not_utf8_is_refused_in_words() {
    let shell = Shell::new(&[("hello.py", "print(1)\n")]).await;
    let kept = shell.curl(&["-T", "hello.py", "HOST/"]);
    let (bearer, at) = (kept.bearer(), |way: &str| format!("{}{way}", kept.body.trim()));
    for words in [
        vec!["-d", "x", "HOST/?language=python&title=%ff"],
        vec!["-d", "x", "HOST/run/python?args=%C3"],
        vec!["-X", "PUT", "-d", "x", "-H", &bearer, &at("?title=%ed%a0%80")],
        vec!["-X", "PUT", "-d", "x", "HOST/caf%e9.py"],
        vec!["-X", "POST", "-d", "", &at("/run?args=%ff")],
        vec![&at("/raw?file=%ff")],
        vec![&at("?file=%ff")],
        vec!["-H", &bearer, "HOST/mine?q=%ff"],
        vec!["-H", "Accept: text/html", &at("?fork=%ff")],
    ] {
        let answer = shell.curl(&words);
        assert!(answer.status == 400 && answer.body.contains("not text in UTF-8"), "{words:?}: {answer:?}");
    }
    assert_eq!(shell.curl(&["-X", "PUT", "-d", "x = 1", "HOST/caf%C3%A9.py?title=%C3%A9+%25"]).status, 201);
}
