// The arguments line: shell-like words, quoting only. No variables, globs or operators.

const BLANK = /\s/;

/**
 * Splits a line into words. 'single' keeps everything; "double" knows \" and \\; outside quotes a backslash
 * keeps the next character. `open` is a quote that is never closed, else empty.
 */
export function splitArguments(line: string): { words: string[]; open: string } {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] as string;
    const next = line[index + 1];
    if (escapes(character, next, quote)) {
      word = (word ?? "") + next;
      index += 1;
    } else if (quote ? character === quote : character === "'" || character === '"') {
      quote = quote ? "" : character;
      word ??= "";
    } else if (!quote && BLANK.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== null) words.push(word);
  return { words, open: quote };
}

function escapes(character: string, next: string | undefined, quote: string): boolean {
  if (character !== "\\" || next === undefined || quote === "'") return false;
  return quote === "" || next === '"' || next === "\\";
}

/** Writes words as a line that splitArguments reads back. */
export function joinArguments(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

function quoteWord(word: string): string {
  if (word !== "" && !/[\s'"\\]/.test(word)) return word;
  return word.includes("'") ? `"${word.replace(/["\\]/g, "\\$&")}"` : `'${word}'`;
}
