import assert from "node:assert/strict";
import test from "node:test";
import { reconnectDelayMs } from "../backoff";
import { switchLanguage } from "../language-switch";
import { terminalText } from "../output-text";
import { advance, newRun } from "../run";
import { terminalKey, type KeyPress } from "../terminal-keys";
import { WriteQueue } from "../write-queue";

const python = { id: "python", name: "Python", main: "main.py", editor: "python", hello: 'print("hi")\n' };
const ruby = { id: "ruby", name: "Ruby", main: "main.rb", editor: "ruby", hello: 'puts "hi"\n' };

test("an untouched or empty editor gets the new language's hello", () => {
  const hello = { path: "main.rb", content: ruby.hello };
  assert.deepEqual(switchLanguage({ path: "main.py", content: 'print("hi")\r\n' }, python, ruby), hello);
  assert.deepEqual(switchLanguage({ path: "main.py", content: " \n" }, python, ruby), hello);
});

test("text that somebody typed stays, and so does a name that somebody gave", () => {
  assert.deepEqual(switchLanguage({ path: "main.py", content: "x" }, python, ruby), { path: "main.rb", content: "x" });
  assert.deepEqual(switchLanguage({ path: "own.py", content: "x" }, python, ruby), { path: "own.py", content: "x" });
});

test("tries to reconnect grow from half a second to fifteen", () => {
  assert.equal(reconnectDelayMs(0, 0), 500);
  assert.equal(reconnectDelayMs(2, 1), 4000);
  for (const attempt of [5, 50, 5000]) {
    assert.equal(reconnectDelayMs(attempt, 1), 15_000);
    assert.equal(reconnectDelayMs(attempt, 0), 7500);
  }
});

test("pages that lost the server in one moment come back spread over half a second and more", () => {
  for (const attempt of [0, 1, 2, 9]) {
    assert.ok(reconnectDelayMs(attempt, 1) - reconnectDelayMs(attempt, 0) >= 500);
  }
});

test("pipes get line ends and a colour for stderr, a terminal's bytes stay as they are", () => {
  assert.equal(terminalText("terminal", "a\nb\r\n"), "a\nb\r\n");
  assert.equal(terminalText("stdout", "a\nb\r\n"), "a\r\nb\r\n");
  assert.equal(terminalText("stderr", "no\n"), "\x1b[31mno\r\n\x1b[39m");
});

test("a late viewer's counter starts where the log says", () => {
  let run = advance(newRun("a", "k", 5000), { type: "event", run: "a", id: 1, at_ms: 100, kind: "stage", name: "run" }, 5000);
  run = advance(run, { type: "event", run: "a", id: 2, at_ms: 3100, kind: "usage", cpu_ms: 1, memory_bytes: 1 }, 5000);
  assert.equal(run.stageSince, 2000);
});

test("nobody is caught in the terminal", () => {
  const key = (name: string, more: Partial<KeyPress> = {}): KeyPress => ({
    type: "keydown", key: name, ctrlKey: false, shiftKey: false, altKey: false, metaKey: false, ...more,
  });
  assert.equal(terminalKey(key("Tab"), false, false), false);
  assert.equal(terminalKey(key("Tab"), true, false), true);
  assert.equal(terminalKey(key("Tab", { shiftKey: true }), true, false), false);
  assert.equal(terminalKey(key("c", { ctrlKey: true }), true, false), true);
  assert.equal(terminalKey(key("c", { ctrlKey: true }), true, true), false);
});

test("output is written at once, and gathered while the terminal is busy", () => {
  const written: string[] = [];
  let release = (): void => undefined;
  const queue = new WriteQueue((data, done) => {
    written.push(data);
    release = done;
  });
  queue.push("a");
  queue.push("b");
  queue.push("c");
  assert.deepEqual(written, ["a"]);
  release();
  assert.deepEqual(written, ["a", "bc"]);
  release();
  queue.push("d");
  assert.deepEqual(written, ["a", "bc", "d"]);
});

test("a flood loses its middle, never the page's memory, and says so", () => {
  const written: string[] = [];
  const dones: (() => void)[] = [];
  const queue = new WriteQueue((data, done) => {
    written.push(data);
    dones.push(done);
  });
  for (let index = 0; index < 400; index += 1) queue.push("x".repeat(64 * 1024));
  queue.push("the end");
  while (dones.length > 0) dones.shift()?.();
  assert.match(written.join(""), /some output was skipped here/);
  assert.ok(written.join("").length < 9 * 1024 * 1024);
  assert.ok(written.at(-1)?.endsWith("the end"));
});
