import assert from "node:assert/strict";
import test from "node:test";
import { fillIn } from "../native-save";

test("the editor's files take the place of the form's, each path before its content", () => {
  const form = new FormData();
  for (const [name, value] of [["password", "p"], ["path", "old"], ["content", "old"], ["remove", "0"]] as const) form.append(name, value);
  const files = [{ path: "a.py", content: "1" }, { path: "b.bin", content: "/w==", encoding: "base64" as const }];
  fillIn(form, { language: "python", files, args: [], stdin: null });
  assert.deepEqual([...form.entries()], [["password", "p"], ["path", "a.py"], ["content", "1"], ["path", "b.bin"], ["base64", "/w=="], ["files", "all"]]);
});
