import assert from "node:assert/strict";
import test from "node:test";
import { Drafts, type Draft } from "../drafts";

/** A browser's store of so many characters. */
class Store implements Storage {
  #items = new Map<string, string>();
  constructor(readonly room = Infinity) {}
  get length(): number {
    return this.#items.size;
  }
  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }
  getItem(name: string): string | null {
    return this.#items.get(name) ?? null;
  }
  setItem(name: string, text: string): void {
    const others = [...this.#items].filter(([other]) => other !== name).reduce((sum, [, item]) => sum + item.length, 0);
    if (others + text.length > this.room) throw new DOMException("full", "QuotaExceededError");
    this.#items.set(name, text);
  }
  removeItem(name: string): void {
    this.#items.delete(name);
  }
  clear(): void {
    this.#items.clear();
  }
}

const draft = (atMs: number, content = "x", base = 1): Draft => ({
  snapshot: { language: "python", title: "", files: [{ path: "main.py", content }], args: "", stdin: "" },
  base,
  atMs,
});

test("a draft is found under its key until it is dropped", () => {
  const drafts = new Drafts(new Store());
  assert.ok(drafts.keep("k", draft(1)));
  assert.deepEqual(drafts.find("k"), draft(1));
  drafts.drop("k");
  assert.equal(drafts.find("k"), null);
});

test("there are at most twenty, and the oldest go first", () => {
  const store = new Store();
  const drafts = new Drafts(store);
  for (let at = 1; at <= 30; at += 1) assert.ok(drafts.keep(`k${at}`, draft(at)));
  assert.equal(store.length, 20);
  assert.equal(drafts.find("k10"), null);
  assert.deepEqual(drafts.find("k11"), draft(11));
});

test("what is older than thirty days goes", () => {
  const drafts = new Drafts(new Store());
  drafts.keep("old", draft(1));
  drafts.keep("new", draft(31 * 24 * 3600 * 1000));
  assert.equal(drafts.find("old"), null);
});

test("a full store gives up others' drafts, and says when that was not enough", () => {
  const drafts = new Drafts(new Store(1000));
  assert.ok(drafts.keep("a", draft(1, "a".repeat(500))));
  assert.ok(drafts.keep("b", draft(2, "b".repeat(500))));
  assert.equal(drafts.find("a"), null);
  assert.ok(!drafts.keep("c", draft(3, "c".repeat(2000))));
  assert.ok(!new Drafts(new Store()).keep("d", draft(4, "d".repeat(2_000_001))));
  assert.ok(!new Drafts(null).keep("e", draft(5)));
});

test("strange entries are no drafts", () => {
  const store = new Store();
  const drafts = new Drafts(store);
  for (const text of ["", "{", "null", "{}", '{"snapshot":{"files":[]}}', '{"snapshot":{"files":"x"},"atMs":1}']) {
    store.setItem("codecube:draft:k", text);
    assert.equal(drafts.find("k"), null, text);
  }
  store.setItem("other", "{}");
  assert.ok(drafts.keep("k", draft(1)));
  assert.equal(store.getItem("other"), "{}");
});

test("the newest draft that was never saved is found without its key", () => {
  const drafts = new Drafts(new Store());
  drafts.keep("saved", draft(3, "x", 2));
  drafts.keep("older", draft(1, "x", 0));
  drafts.keep("newer", draft(2, "x", 0));
  assert.equal(drafts.newestUnsaved()?.key, "newer");
});

test("a draft that was sent stays until it is known to be saved, and typing makes it a draft again", () => {
  const drafts = new Drafts(new Store());
  drafts.markSent("k");
  assert.equal(drafts.find("k"), null);
  drafts.keep("k", draft(1));
  drafts.markSent("k");
  assert.equal(drafts.find("k")?.isSent, true);
  drafts.keep("k", draft(2));
  assert.equal(drafts.find("k")?.isSent, undefined);
});
