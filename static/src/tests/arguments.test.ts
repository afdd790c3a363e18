import assert from "node:assert/strict";
import test from "node:test";
import { joinArguments, splitArguments } from "../arguments";

test("blanks part words and quotes hold them together", () => {
  assert.deepEqual(splitArguments(""), []);
  assert.deepEqual(splitArguments("  a  b\tc "), ["a", "b", "c"]);
  assert.deepEqual(splitArguments(`--name "two words" 'and three more'`), ["--name", "two words", "and three more"]);
  assert.deepEqual(splitArguments(`a"b c"d'e f'`), ["ab cde f"]);
});

test("an empty pair of quotes is an empty argument", () => {
  assert.deepEqual(splitArguments(`'' a ""`), ["", "a", ""]);
});

test("a backslash keeps the next character, but not inside single quotes", () => {
  assert.deepEqual(splitArguments(String.raw`a\ b \" '\n' "\"\\\n"`), ["a b", '"', String.raw`\n`, String.raw`"\\n`]);
  assert.deepEqual(splitArguments("end\\"), ["end\\"]);
});

test("a quote that is never closed runs to the end of the line", () => {
  assert.deepEqual(splitArguments(`a 'b c`), ["a", "b c"]);
});

test("nothing is expanded", () => {
  assert.deepEqual(splitArguments("$HOME *.py `ls` a;b"), ["$HOME", "*.py", "`ls`", "a;b"]);
});

test("what is joined is read back the same", () => {
  const words = ["plain", "", "two words", "it's", `"both' kinds"`, String.raw`back\slash`, "\ttab", "ünï"];
  assert.deepEqual(splitArguments(joinArguments(words)), words);
});
