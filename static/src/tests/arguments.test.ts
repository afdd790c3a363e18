import assert from "node:assert/strict";
import test from "node:test";
import { joinArguments, splitArguments } from "../arguments";

const words = (line: string): string[] => splitArguments(line).words;

test("blanks part words and quotes hold them together", () => {
  assert.deepEqual(words(""), []);
  assert.deepEqual(words("  a  b\tc "), ["a", "b", "c"]);
  assert.deepEqual(words(`--name "two words" 'and three more'`), ["--name", "two words", "and three more"]);
  assert.deepEqual(words(`a"b c"d'e f'`), ["ab cde f"]);
});

test("an empty pair of quotes is an empty argument", () => {
  assert.deepEqual(words(`'' a ""`), ["", "a", ""]);
});

test("a backslash keeps the next character, but not inside single quotes", () => {
  assert.deepEqual(words(String.raw`a\ b \" '\n' "\"\\\n"`), ["a b", '"', String.raw`\n`, String.raw`"\\n`]);
  assert.deepEqual(words("end\\"), ["end\\"]);
});

test("a quote that is never closed is told", () => {
  assert.equal(splitArguments(`a 'b c`).open, "'");
  assert.equal(splitArguments(`"a\\"`).open, '"');
  assert.equal(splitArguments(`it\\'s 'a' "b"`).open, "");
});

test("nothing is expanded", () => {
  assert.deepEqual(words("$HOME *.py `ls` a;b"), ["$HOME", "*.py", "`ls`", "a;b"]);
});

test("what is joined is read back the same", () => {
  const all = ["plain", "", "two words", "it's", `"both' kinds"`, String.raw`back\slash`, "\ttab", "ünï"];
  assert.deepEqual(words(joinArguments(all)), all);
});
