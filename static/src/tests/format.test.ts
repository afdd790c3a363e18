import assert from "node:assert/strict";
import test from "node:test";
import { bytes, counter, duration, ordinal } from "../format";

test("durations are short and have a unit", () => {
  assert.deepEqual([0, 40, 999, 2340, 9949, 9960, 59_400, 185_000].map(duration), [
    "0.00 s",
    "0.04 s",
    "1.00 s",
    "2.3 s",
    "9.9 s",
    "10 s",
    "59 s",
    "3 min 5 s",
  ]);
});

test("the counter keeps its width and never runs backwards below zero", () => {
  assert.deepEqual([-5, 0, 2300, 42_000, 61_000].map(counter), ["0.0 s", "0.0 s", "2.3 s", "42.0 s", "1 min 1 s"]);
});

test("bytes use binary units", () => {
  const counts = [0, 512, 1024, 9 * 1024 ** 2, 1.5 * 1024 ** 3, 1023.9 * 1024];
  assert.deepEqual(counts.map(bytes), ["0 bytes", "512 bytes", "1 KiB", "9 MiB", "1.5 GiB", "1 MiB"]);
});

test("ordinals end as people say them", () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal), [
    "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th",
  ]);
});
