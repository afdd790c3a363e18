import assert from "node:assert/strict";
import test from "node:test";
import { dataFile, wantsText } from "../data-url";

test("an address that is a file is that file, under a name of its own", () => {
  const picture = dataFile(" data:image/png;base64,iVBORwD/\n", ["main.py", "pasted.png"]);
  assert.deepEqual(picture, { name: "pasted2.png", bytes: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 255]) });
  assert.deepEqual(dataFile("data:,a%20b", []), { name: "pasted.txt", bytes: Uint8Array.from([97, 32, 98]) });
  assert.equal(dataFile("data:text/csv;charset=utf-8,a", [])?.name, "pasted.csv");
  assert.equal(dataFile("data:application/x-strange;base64,AA==", [])?.name, "pasted.bin");
});

test("any other text is text", () => {
  for (const text of ["", "data", "data: 1, 2", "data:image/png;base64,%%%", "see data:,x", "data:,x and more", "data:,%zz"]) {
    assert.equal(dataFile(text, []), null, text);
  }
});

test("where a value is written, an address is one", () => {
  for (const before of ['src="', "url(", "x = ", "['"]) assert.ok(wantsText(before), before);
  for (const before of ["", "import sys", "    ", "x)"]) assert.ok(!wantsText(before), before);
});
