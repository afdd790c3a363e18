import assert from "node:assert/strict";
import test from "node:test";
import { fillIn } from "../native-save";

test("the editor's files take the place of the form's, each path before its content", () => {
  const form = new FormData();
  for (const [name, value] of [["password", "p"], ["path", "old"], ["original", "b2xk"], ["content", "old"], ["remove", "0"]] as const) form.append(name, value);
  const files = [{ path: "a.py", content: "1" }, { path: "b.bin", content: "/w==", encoding: "base64" as const }];
  fillIn(form, { language: "python", files, args: [], stdin: null });
  assert.deepEqual([...form.entries()], [["password", "p"], ["path", "a.py"], ["content", "1"], ["path", "b.bin"], ["base64", "/w=="], ["files", "all"]]);
});

test("line ends that a form would change travel as bytes", () => {
  const form = new FormData();
  const files = [{ path: "a.txt", content: "ä\r\nb\rc\n" }];
  fillIn(form, { language: "python", files, args: [], stdin: null });
  assert.deepEqual([...form.entries()], [["path", "a.txt"], ["base64", "w6QNCmINYwo="], ["files", "all"]]);
});
