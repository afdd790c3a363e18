import assert from "node:assert/strict";
import test from "node:test";
import { misfit, misfitInput, misfitUpload } from "../misfit";
import type { Program } from "../protocol";

const limits = { max_files: 2, max_source_bytes: 10, max_stdin_bytes: 4, max_argument_bytes: 6 };
const program = (changes: Partial<Program>): Program => ({
  language: "python",
  files: [{ path: "main.py", content: "12345" }],
  args: [],
  stdin: null,
  ...changes,
});

test("a program that fits is sent without a word", () => {
  assert.equal(misfit(program({ stdin: '""""', args: ["a", "bcd"] }), limits), "");
  assert.equal(misfitInput("1234", limits), "");
});

test("whichever part is too large is named, with its size and the limit", () => {
  const other = { path: "other.py", content: "ééé" };
  const files = [...program({}).files, other];
  assert.match(misfit(program({ files }), limits), /^The source has 11 bytes; at most 10 bytes/);
  assert.match(misfit(program({ stdin: "12345" }), limits), /^The input has 5 bytes; at most 4 bytes/);
  assert.match(misfit(program({ args: ["a", "bcde"] }), limits), /^The arguments have 7 bytes; at most 6 bytes/);
  assert.match(misfitInput("12345", limits), /^The input has 5 bytes/);
});

test("bytes count as what they are, not as how they travel", () => {
  const picture = { path: "a.png", content: "AAECAwQ=", encoding: "base64" as const };
  assert.equal(misfit(program({ files: [...program({}).files, picture] }), limits), "");
  assert.match(misfitUpload(1, 11, limits), /^These files have 11 bytes/);
  assert.match(misfitUpload(3, 1, limits), /^These would be 3 files; at most 2/);
});
