import assert from "node:assert/strict";
import test from "node:test";
import { fromBase64, toBase64 } from "../base64";
import { bytesOf, fileOf, freshPath, languageOf, moved, pathFault, sizeOf } from "../files";

const python = { id: "python", name: "Python", main: "main.py", editor: "python", hello: "" };
const ruby = { id: "ruby", name: "Ruby", main: "main.rb", editor: "ruby", hello: "" };

test("paths are checked as the server checks them", () => {
  for (const path of ["main.py", "lib/util.py", "a b.txt", "ünï.py", "x".repeat(200), "a/b/c/d/e/f/g/h/i/j"]) assert.equal(pathFault(path, []), "", path);
  for (const path of ["", "/abs", "a\\b", "../up", "a//b", "./a", "a/", "x".repeat(201), "a/b/c/d/e/f/g/h/i/j/k", "tab\t", "a\u202eyp.exe", "a\u2028b"]) {
    assert.notEqual(pathFault(path, []), "", path);
  }
  assert.match(pathFault("a", ["a"]), /called a already/);
  assert.match(pathFault("lib/a", ["lib"]), /cannot share a name/);
  assert.match(pathFault("lib", ["lib/a"]), /cannot share a name/);
  assert.equal(pathFault("lib2", ["lib/a"]), "");
});

test("a new file gets a name that is free, with the language's ending", () => {
  assert.equal(freshPath("main.py", ["main.py"]), "file2.py");
  assert.equal(freshPath("main.py", ["main.py", "file3.py"]), "file4.py");
  assert.equal(freshPath("Makefile", ["a"]), "file2.txt");
});

test("one entry goes to another place", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, 1), ["a", "c", "b"]);
});

test("a name tells the language where it can", () => {
  assert.equal(languageOf("lib/x.rb", [python, ruby])?.id, "ruby");
  assert.equal(languageOf("notes.txt", [python, ruby]), undefined);
  assert.equal(languageOf("Makefile", [python, ruby]), undefined);
});

test("text is text, and everything else comes back to the byte", () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  assert.deepEqual(fileOf("a", encode("\ufeffé\r\n")), { path: "a", content: "\ufeffé\r\n" });
  for (const bytes of [[0], [255, 254], [0x89, 0x50], Array.from({ length: 70_000 }, (_, index) => index % 256)]) {
    const file = fileOf("a.bin", Uint8Array.from(bytes));
    assert.equal(file.encoding, "base64");
    assert.equal(sizeOf(file), bytes.length);
    assert.deepEqual([...bytesOf(file)], bytes);
  }
  assert.deepEqual([...fromBase64(toBase64(Uint8Array.from([1, 2])))], [1, 2]);
  assert.equal(sizeOf({ path: "a", content: "é" }), 2);
});
