//! TypeScript told from JavaScript: by what is no JavaScript at all. Whether a text is one of the two is asked elsewhere,
//! so what other languages have as well may count here.

/// How a line may begin that declares something, and what else stands in such a line.
const DECLARATIONS: [(&str, &[&str]); 12] = [
    ("abstract class ", &["{"]),
    ("const enum ", &["{"]),
    ("declare ", &[""]),
    ("enum ", &["{"]),
    ("import type ", &["{"]),
    ("interface ", &["{"]),
    ("namespace ", &["{"]),
    ("private ", &[":", "(", ";", "="]),
    ("protected ", &[":", "(", ";", "="]),
    ("public ", &[":", "(", ";", "="]),
    ("readonly ", &[":", ";", "="]),
    ("type ", &["="]),
];

/// What may stand before the name of a member.
const MODIFIERS: [&str; 4] = ["readonly ", "private ", "protected ", "public "];

/// Types that JavaScript has no names for.
const TYPES: [&str; 9] = ["any", "bigint", "boolean", "never", "number", "object", "string", "unknown", "void"];

/// Characters of a line that are looked at: each colon of it asks about what follows, so a long line of colons would take
/// the square of its length.
const MAX_LINE: usize = 500;

/// Whether any of these lines is no JavaScript.
pub(super) fn is_marked<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    lines.map(bare).any(|line| {
        let line = line.trim();
        is_declaration(line) || is_asserted(line) || line.match_indices(':').any(|(at, _)| is_annotation(line, at))
    })
}

/// A line without comments, and with nothing in its quotes.
fn bare(line: &str) -> String {
    let mut bare = String::new();
    if line.trim_start().starts_with(['*', '#']) {
        return bare;
    }
    let (mut quote, mut before) = (None, ' ');
    for character in line.chars().take(MAX_LINE) {
        match quote {
            Some(open) if character == open && before != '\\' => quote = None,
            Some(_) => {}
            None if before == '/' && matches!(character, '/' | '*') => return bare,
            None => {
                bare.push(character);
                quote = matches!(character, '"' | '\'' | '`').then_some(character);
            }
        }
        before = character;
    }
    bare
}

/// `interface Point {`, `type Id = …`, `private name: …`
fn is_declaration(line: &str) -> bool {
    let line = line.strip_prefix("export ").unwrap_or(line);
    DECLARATIONS.iter().any(|(word, others)| {
        let Some(rest) = line.strip_prefix(word) else { return false };
        rest.starts_with(|first| starts_name(first) || first == '{') && others.iter().any(|other| rest.contains(other))
    })
}

/// `x as const`, `x as Point`, `x satisfies Point`, `function first<T>(`
fn is_asserted(line: &str) -> bool {
    let renames =
        line.starts_with("import ") || line.starts_with("export ") || line.contains('{') && line.contains("from");
    let after = |word: &str| line.split_once(word).map_or("", |(_, rest)| rest);
    let is_type = |rest: &str| rest.starts_with(char::is_uppercase) || rest.starts_with("const") || starts_type(rest);
    let generic = after("function ").trim_start_matches(is_in_name).starts_with('<');
    generic || !renames && (is_type(after(" as ")) || after(" satisfies ").starts_with(starts_name))
}

/// Whether the colon there says of what type something is.
fn is_annotation(line: &str, at: usize) -> bool {
    let (before, after) = (&line[..at], line[at + 1..].trim_start());
    let named = before.trim_end_matches(['?', '!']);
    let holder = named.trim_end_matches(is_in_name);
    let has_name = holder.len() < named.len();
    // `name?: …`, `name!: …`
    if has_name && named.len() < before.len() {
        return true;
    }
    // `(name: Type`, `(private name: Type`
    let holder = MODIFIERS.iter().fold(holder, |holder, word| holder.strip_suffix(word).unwrap_or(holder));
    if has_name && holder.ends_with('(') && !holder.ends_with("/(") && after.starts_with(starts_name) {
        return true;
    }
    // `let name: Type`
    if has_name && ["let ", "const ", "var "].contains(&holder) {
        return true;
    }
    // `name: string;`, `name: number = 1`
    if has_name && holder.is_empty() && starts_type(after) && (line.ends_with(';') || after.contains(" = ")) {
        return true;
    }
    // `(…): Type {`, `(…): Type => …`
    let has_body = line.ends_with('{') || after.contains("=>");
    before.ends_with(')')
        && after.starts_with(starts_name)
        && has_body
        && !line.contains(" ? ")
        && !line.starts_with("case ")
}

fn starts_type(text: &str) -> bool {
    let name = &text[..text.len() - text.trim_start_matches(is_in_name).len()];
    TYPES.contains(&name)
}

fn starts_name(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '$')
}

fn is_in_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_long_line_is_not_looked_at_for_long() {
        for sign in [":", ")0:", "a?:b", "): a", "\u{e9}:"] {
            let line = sign.repeat(256 * 1024 / sign.len());
            let start = Instant::now();
            let _ = is_marked(line.lines());
            assert!(start.elapsed() < Duration::from_secs(2), "{sign:?}: {:?}", start.elapsed());
        }
    }

    #[test]
    fn what_only_typescript_has_is_a_mark() {
        for line in [
            "interface Point {",
            "export interface Point extends Base {",
            "type Id = 'a' | 'b'",
            "export type Pair<T> = [T, T];",
            "enum Colour { Red, Green }",
            "export const enum Colour {",
            "declare const version: string;",
            "declare module 'x';",
            "import type { Point } from './point'",
            "const sizes = [1, 2] as const",
            "const point = JSON.parse(text) as Point",
            "const all = (window as any).all",
            "const options = { a: 1 } satisfies Options",
            "function first<T>(all: T[]) {",
            "let count: number = 0",
            "const names: string[] = []",
            "const seen: Map<string, Point> = new Map()",
            "function area(shape: Shape) { return 1 }",
            "const area = (shape: Shape) => 1",
            "function area(a, b): number {",
            "const f = async (): Promise<void> => {}",
            "  name: string;",
            "  readonly name: string;",
            "  nickname?: string",
            "  total!: number",
            "  count: number = 0",
            "  constructor(private name: string) {}",
            "  private items: Item[] = []",
        ] {
            assert!(is_marked(line.lines()), "{line}");
        }
    }

    #[test]
    fn what_javascript_has_as_well_is_none() {
        for line in [
            "const shown = all.map(number => ({ value: number }))",
            "const object = { type: string, name: any }",
            "  value: number,",
            "  value: number",
            "const kind = isLong ? (a + b) : c",
            "const make = isLong ? (a) : b => {",
            "switch (x) { case f(x): y(); }",
            "case (1): {",
            "default: return any",
            "outer: for (const x of y) {",
            "// takes (name: string): number {",
            " * @param {string} name as const",
            "console.log('let x: number = 1', \"interface A {\", `a as Point`)",
            "import * as React from 'react'",
            "import { a as B, c } from './d'",
            "export { a as B }",
            "const { a: b, c: { d } } = e",
            "const url = 'https://example.org/a'",
            "type = 5",
            "enum_ = { a: 1 }",
            "class Point { #x = 1; static y = 2; get z() { return 3 } }",
            "const f = (a, b = { c: 1 }) => a",
            "if (a < b && c > d) { e }",
            "text.match(/(name: value)/)",
            "readonly = true",
            "const x = a ? b : c",
            "fetch(url, { method: 'POST', body })",
        ] {
            assert!(!is_marked(line.lines()), "{line}");
        }
    }
}
