use super::*;
use crate::web::colour::markup::Markup;

/// What a reader sees of output that comes in these chunks, each shown before the next comes.
fn shown(chunks: &[&str]) -> String {
    let mut reader = OutputReader::within(usize::MAX);
    let mut html = String::new();
    for chunk in chunks {
        html += Markup::of(&reader.push(chunk)).as_str();
        html += Markup::of(&reader.flush()).as_str();
    }
    html
}

fn text(chunks: &[&str]) -> String {
    let mut reader = OutputReader::within(usize::MAX);
    let mut pieces: Vec<Piece> = chunks.iter().flat_map(|chunk| reader.push(chunk)).collect();
    pieces.extend(reader.flush());
    pieces.into_iter().map(|piece| piece.text).collect()
}

#[test]
fn what_is_no_text_is_dropped() {
    for (raw, seen) in [
        ("a\u{1b}]0;title\u{7}b\u{1b}]52;c;AAAA\u{1b}\\c", "abc"),
        ("\u{1b}(Bx\u{1b}=y\u{9b}1mz", "xyz"),
        ("\u{9d}0;title\u{9c}a\u{90}q#0\u{9c}b", "ab"),
        ("a\u{0}\u{7f}b\tc", "ab\tc"),
        ("\u{1b}Pq#0\u{1b}\\ok", "ok"),
        ("\u{1b}[6n\u{1b}[c\u{1b}[>0c\u{1b}[?1049h\u{1b}[2J\u{1b}[5;5Hx", "x"),
        ("\u{1b}]8;;javascript:alert(1)\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{1b}_apc\u{1b}\\\u{1b}^pm\u{1b}\\\u{1b}Xsos\u{1b}\\.", "."),
    ] {
        assert_eq!(text(&[raw]), seen, "{raw:?}");
    }
}

#[test]
fn a_line_is_written_over_until_it_was_shown() {
    assert_eq!(text(&["10%\r", "20%\r100%\r\nend"]), "100%\nend");
    assert_eq!(text(&["one\r\ntwo\rthree\n"]), "one\nthree\n");
    assert_eq!(text(&["abc\u{8}\u{8}x"]), "axc");
    assert_eq!(text(&["abcdef\r\u{1b}[Kx\n"]), "x\n");
    assert_eq!(text(&["ab\u{1b}[3Cc\u{1b}[2Gx"]), "ax   c");
    assert_eq!(shown(&["10%\r", "20%\r", "30%\r\n", "end"]), "10%\n20%\n30%\nend");
    assert_eq!(shown(&["name? ", "\u{8}\u{8}Ada\n"]), "name? Ada\n");
}

#[test]
fn colours_become_classes_of_a_fixed_set() {
    for (raw, seen) in [
        ("\u{1b}[31mred\u{1b}[0m.", "<span class=ink-red>red</span>."),
        (
            "\u{1b}[1;92mok\u{1b}[22m!",
            "<span class=\"ink-bright-green is-bold\">ok</span><span class=ink-bright-green>!</span>",
        ),
        (
            "\u{1b}[38;5;196ma\u{1b}[48;2;0;0;238mb",
            "<span class=ink-bright-red>a</span><span class=\"ink-bright-red on-blue\">b</span>",
        ),
        ("\u{1b}[38:2::0:255:0ma", "<span class=ink-bright-green>a</span>"),
        ("\u{1b}[7m<b>", "<span class=\"ink-ground on-ink\">&lt;b></span>"),
        ("\u{1b}[38;5;999mx\u{1b}[38m\u{1b}[99999m\u{1b}[mx", "xx"),
        ("\u{1b}[32ma\nb", "<span class=ink-green>a</span>\n<span class=ink-green>b</span>"),
    ] {
        assert_eq!(shown(&[raw]), seen, "{raw:?}");
    }
}

#[test]
fn a_sequence_may_be_split_anywhere() {
    let raw = "a\u{1b}[1;31mb\u{1b}]8;;http://x\u{1b}\\é\u{1b}[0m\r\nd";
    let characters: Vec<String> = raw.chars().map(String::from).collect();
    let chunks: Vec<&str> = characters.iter().map(String::as_str).collect();
    let red = "<span class=\"ink-red is-bold\">";
    assert_eq!(shown(&chunks), format!("a{red}b</span>{red}é</span>\nd"));
}

#[test]
fn an_endless_line_takes_bounded_memory() {
    let mut reader = OutputReader::within(usize::MAX);
    let mut seen = 0;
    for _ in 0..1000 {
        let pieces = reader.push(&"x".repeat(1000));
        seen += pieces.iter().map(|piece| piece.text.len()).sum::<usize>();
        assert!(reader.line.cells.len() <= MAX_CELLS);
    }
    assert_eq!(seen + reader.flush()[0].text.len(), 1_000_000);
    assert_eq!(text(&["\u{1b}[65535C\u{1b}[65535C\u{1b}[65535Cx"]).len(), MAX_COLUMNS + 1);
}

#[test]
fn few_bytes_of_a_program_do_not_become_a_great_page() {
    for part in ["\u{1b}[999C.\n", "\u{1b}[31ma\u{1b}[32mb", "\u{1b}[999C\u{1b}[41m \u{1b}[0m\n", "\u{202e}\u{2066}\n"]
    {
        let mut reader = OutputReader::within(50_000);
        let mut pieces = reader.push(&part.repeat(8000));
        pieces.extend(reader.push(&part.repeat(8000)));
        pieces.extend(reader.flush());
        let html = Markup::of(&pieces).into_string().len();
        assert!(reader.is_full() && html < 150_000, "{part:?}: {html}");
    }
}
