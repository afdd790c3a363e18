//! Which language a program is written in when nobody says: by its name, its first line, its text.

use crate::languages::{Language, Languages, typescript};

/// Lines that are looked at.
const MAX_LINES: usize = 400;
/// A language, and the one that holds all of it and more: one of the two is looked for first, and then told from the other.
const WITHIN: (&str, &str) = ("javascript", "typescript");
/// What a guess by the text needs at least.
const MIN_SCORE: u32 = 2;

/// Endings of file names beside those of the languages' own main files, ids and aliases.
const ENDINGS: [(&str, &str); 11] = [
    ("bash", "bash"),
    ("cc", "cpp"),
    ("cjs", "javascript"),
    ("cts", "typescript"),
    ("h", "c"),
    ("hpp", "cpp"),
    ("mjs", "javascript"),
    ("mts", "typescript"),
    ("phtml", "php"),
    ("pm", "perl"),
    ("pyw", "python"),
];

/// Where a sign stands in a line.
enum Sign {
    /// Leading blanks apart, the line begins with it.
    Start(&'static str),
    /// Anywhere.
    Within(&'static str),
    /// The line is that.
    Line(&'static str),
}

use Sign::{Line, Start, Within};

/// Language, sign, weight.
const SIGNS: [(&str, Sign, u32); 63] = [
    ("bash", Start("echo "), 2),
    ("bash", Start("if ["), 2),
    ("bash", Line("fi"), 2),
    ("bash", Line("done"), 2),
    ("bash", Line("esac"), 2),
    ("bash", Within("$("), 1),
    ("bash", Start("set -e"), 3),
    ("bash", Within(" | "), 1),
    ("c", Within(".h>"), 2),
    ("c", Start("int main("), 2),
    ("c", Within("printf(\""), 1),
    ("cpp", Start("#include <iostream>"), 5),
    ("cpp", Start("using namespace "), 4),
    ("cpp", Start("int main("), 2),
    ("cpp", Within("std::"), 2),
    ("cpp", Within("cout <<"), 3),
    ("go", Start("package "), 4),
    ("go", Start("func "), 2),
    ("go", Within("fmt.Print"), 3),
    ("go", Within(" := "), 1),
    ("java", Start("public class "), 4),
    ("java", Within("public static void main"), 5),
    ("java", Within("System.out.print"), 4),
    ("java", Start("import java"), 4),
    ("javascript", Within("console.log("), 3),
    ("javascript", Start("const "), 1),
    ("javascript", Start("let "), 1),
    ("javascript", Start("function "), 1),
    ("javascript", Within("require("), 2),
    ("javascript", Within(" => "), 1),
    ("lua", Start("local "), 2),
    ("lua", Line("end"), 1),
    ("lua", Within(" .. "), 1),
    ("lua", Within("print("), 1),
    ("lua", Within("io.write("), 3),
    ("perl", Start("use strict"), 4),
    ("perl", Start("use warnings"), 4),
    ("perl", Start("my $"), 3),
    ("perl", Start("my @"), 3),
    ("perl", Start("print \""), 2),
    ("php", Start("<?php"), 9),
    ("python", Start("def "), 2),
    ("python", Start("import "), 1),
    ("python", Start("from "), 1),
    ("python", Within("print("), 2),
    ("python", Start("elif "), 2),
    ("python", Within("__name__"), 4),
    ("python", Within(" in range("), 2),
    ("ruby", Start("puts "), 3),
    ("ruby", Start("require '"), 3),
    ("ruby", Within(" do |"), 3),
    ("ruby", Line("end"), 1),
    ("ruby", Start("attr_"), 4),
    ("rust", Start("fn main()"), 4),
    ("rust", Within("println!("), 3),
    ("rust", Within("let mut "), 3),
    ("rust", Start("use std::"), 4),
    ("rust", Start("impl "), 2),
    ("typescript", Start("interface "), 3),
    ("typescript", Within(" as const"), 3),
    ("typescript", Within(": string"), 4),
    ("typescript", Within(": number"), 4),
    ("typescript", Within(": boolean"), 3),
];

impl Languages {
    /// The language of a program with this main file; `None` when nothing tells it.
    #[must_use]
    pub fn guess(&self, path: &str, text: &str) -> Option<&Language> {
        self.of_file_name(path).or_else(|| self.of_first_line(text)).or_else(|| self.of_text(text))
    }

    fn of_file_name(&self, path: &str) -> Option<&Language> {
        let ending = path.rsplit('/').next()?.rsplit_once('.')?.1.to_lowercase();
        let main_ends = |language: &&Language| language.main.rsplit_once('.').is_some_and(|(_, own)| own == ending);
        let listed = ENDINGS.iter().find(|(known, _)| *known == ending).and_then(|(_, id)| self.find(id));
        self.all.iter().find(main_ends).or(listed).or_else(|| self.find(&ending))
    }

    /// By `#!/usr/bin/env python3 -u` and the like.
    fn of_first_line(&self, text: &str) -> Option<&Language> {
        let mut words = text.lines().next()?.strip_prefix("#!")?.split_whitespace();
        let mut program = words.next()?.rsplit('/').next()?;
        if program == "env" {
            program = words.find(|word| !word.starts_with('-') && !word.contains('='))?.rsplit('/').next()?;
        }
        let bare = program.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
        self.find(program).or_else(|| self.find(bare))
    }

    /// By words that one language uses and others do not; a draw tells nothing.
    fn of_text(&self, text: &str) -> Option<&Language> {
        let (inner, outer) = WITHIN;
        let of = |language: &Language| match language.id.0.as_str() {
            id if id == inner => score(inner, text) + score(outer, text),
            id if id == outer => 0,
            id => score(id, text),
        };
        let mut scores: Vec<(u32, &Language)> = self.all.iter().map(|language| (of(language), language)).collect();
        scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let (best, language) = scores.first()?;
        let second = scores.get(1).map_or(0, |(score, _)| *score);
        if *best < MIN_SCORE || *best <= second {
            return None;
        }
        let is_outer = language.id.0 == inner && typescript::is_marked(text.lines().take(MAX_LINES));
        self.find(outer).filter(|_| is_outer).or(Some(*language))
    }
}

/// Each sign counts once, so that a long text says no more than a short one.
fn score(language: &str, text: &str) -> u32 {
    let own = SIGNS.iter().filter(|(id, ..)| *id == language);
    own.filter(|(_, sign, _)| text.lines().take(MAX_LINES).any(|line| shows(sign, line)))
        .map(|(.., weight)| weight)
        .sum()
}

fn shows(sign: &Sign, line: &str) -> bool {
    match sign {
        Start(word) => line.trim_start().starts_with(word),
        Within(word) => line.contains(word),
        Line(word) => line.trim() == *word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(path: &str, text: &str) -> Option<String> {
        Languages::load().unwrap().guess(path, text).map(|language| language.id.0.clone())
    }

    #[test]
    fn the_name_comes_first_and_the_first_line_second() {
        for (path, text, id) in [
            ("a/hello.py", "#!/bin/bash", "python"),
            ("HELLO.CC", "", "cpp"),
            ("x.mjs", "", "javascript"),
            ("", "#!/bin/sh\nprint(1)", "bash"),
            ("notes.txt", "#!/usr/bin/env -S python3.11 -u\n", "python"),
            ("", "#!/usr/bin/env node\n", "javascript"),
        ] {
            assert_eq!(guess(path, text).as_deref(), Some(id), "{path} {text:?}");
        }
    }

    #[test]
    fn every_first_program_tells_its_language() {
        for language in Languages::load().unwrap().all() {
            assert_eq!(guess("", &language.hello).as_ref(), Some(&language.id.0), "{}", language.hello);
        }
    }

    #[test]
    fn typescript_is_told_from_javascript_by_what_only_it_has() {
        let cases = [
            ("interface Point { x: number }\nconst p: Point = { x: 1 }\nconsole.log(p)\n", "typescript"),
            ("function area(width: number, height: number) {\n  return width * height\n}\n", "typescript"),
            ("const sizes = ['s', 'm'] as const\nfor (const size of sizes) console.log(size)\n", "typescript"),
            ("enum Colour { Red, Green }\nconsole.log(Colour.Red)\n", "typescript"),
            ("const names: string[] = []\nnames.push('a')\n", "typescript"),
            ("type Id = string | number\nlet id: Id = 1\nconsole.log(id)\n", "typescript"),
            ("class Stack<T> {\n  private items: T[] = []\n}\nconsole.log(new Stack<number>())\n", "typescript"),
            ("const shown = [1, 2].map(number => ({ value: number }))\nconsole.log(shown)\n", "javascript"),
            (
                "// area(width: number): number\nfunction area(width) { return width }\nconsole.log(area(1))\n",
                "javascript",
            ),
            ("const fs = require('fs')\nconst types = { name: string, is: boolean }\n", "javascript"),
            ("import * as path from 'path'\nconsole.log(path.sep, 'x as const')\n", "javascript"),
            ("const kind = n => n > 1 ? (n) : 'one'\nconsole.log(kind(2))\n", "javascript"),
            ("<?php\ninterface A {}\nfunction f(int $x): string { return ''; }\necho f(1);\n", "php"),
            ("enum Colour { Red }\nfn main() {\n    let c: Colour = Colour::Red;\n}\n", "rust"),
            ("public class A {\n  interface B { }\n  enum C { D }\n  private int x = 1;\n}\n", "java"),
        ];
        for (text, id) in cases {
            assert_eq!(guess("", text).as_deref(), Some(id), "{text}");
        }
    }

    #[test]
    fn one_line_may_do_and_prose_does_not() {
        for (text, id) in [
            ("print('hello')\n", Some("python")),
            ("echo hello\n", Some("bash")),
            ("puts 'hello'\n", Some("ruby")),
            ("console.log(1)\n", Some("javascript")),
            ("Dear all, this is a letter.\n", None),
            ("", None),
        ] {
            assert_eq!(guess("", text).as_deref(), id, "{text}");
        }
    }
}
