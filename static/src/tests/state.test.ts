import assert from "node:assert/strict";
import test from "node:test";
import { parseServerMessage, type EventKind, type ServerMessage } from "../protocol";
import { initialState, isBusy, outputOf, reduce, socketAddress, takesInput, type Effect, type State } from "../state";

const fresh = (changes: Partial<State> = {}): State => ({
  ...initialState({ key: "k1", revision: 1, base: 1, owner: true, saved: true, forkOf: null, isProtected: false, printed: null, lastMessage: "", notice: "" }),
  link: "open",
  ...changes,
});

const event = (run: string, id: number, kind: EventKind): ServerMessage => ({ type: "event", run, id, at_ms: id * 10, ...kind });
const output = (run: string, id: number, data: string) => event(run, id, { kind: "output", stream: "terminal", data });
const queued = (run: string): ServerMessage => event(run, 1, { kind: "queued", position: 1, waiting: 1 });
const ending: EventKind = {
  kind: "finished",
  outcome: "exited",
  exit_code: 0,
  signal: null,
  message: "The program ended.",
  wall_ms: 40,
  cpu_ms: 20,
  peak_memory_bytes: 1,
  output_bytes: 1,
  truncated: false,
};

function feed(state: State, ...messages: ServerMessage[]): { state: State; effects: Effect[] } {
  const effects: Effect[] = [];
  for (const message of messages) {
    const step = reduce(state, { type: "message", message, now: 0 });
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

const written = (effects: Effect[]): string => effects.map((effect) => (effect.type === "write" ? effect.data : "")).join("");
const count = (effects: Effect[], type: Effect["type"]): number => effects.filter((effect) => effect.type === type).length;

test("a run is shown from its first event to its last", () => {
  const { state, effects } = feed(
    fresh({ pending: "run" }),
    queued("a"),
    event("a", 2, { kind: "stage", name: "run" }),
    output("a", 3, "hello"),
    event("a", 4, ending),
  );
  assert.equal(written(effects), "hello");
  assert.deepEqual([count(effects, "clear"), count(effects, "finished")], [1, 1]);
  assert.deepEqual([state.run?.phase, state.run?.lastEvent, state.pending, isBusy(state)], ["finished", 4, null, false]);
});

test("an event that was seen before is not shown twice", () => {
  const { effects } = feed(fresh(), queued("a"), output("a", 2, "x"), queued("a"), output("a", 2, "x"), output("a", 3, "y"));
  assert.equal(written(effects), "xy");
  assert.equal(count(effects, "clear"), 1);
});

test("a gap asks for the missing events and shows nothing out of order", () => {
  const { state, effects } = feed(fresh(), queued("a"), output("a", 3, "late"));
  assert.equal(written(effects), "");
  assert.equal(count(effects, "resume"), 1);
  assert.equal(state.run?.lastEvent, 1);
});

test("a newer run clears the terminal, and the older one stays silent", () => {
  const { state, effects } = feed(fresh(), queued("a"), queued("b"), output("a", 2, "old"), output("b", 2, "new"), queued("a"));
  assert.equal(written(effects), "new");
  assert.equal(count(effects, "clear"), 2);
  assert.equal(state.run?.id, "b");
});

test("the middle of a run never heard of is an older run's", () => {
  const { effects } = feed(fresh(), queued("b"), output("a", 7, "old"));
  assert.equal(written(effects), "");
});

test("an event of an unknown kind still counts", () => {
  const unknown = parseServerMessage('{"type":"event","run":"a","id":2,"at_ms":5,"kind":"weather","sun":true}');
  assert.ok(unknown);
  const { state, effects } = feed(fresh(), queued("a"), unknown, output("a", 3, "x"));
  assert.equal(written(effects), "x");
  assert.equal(state.run?.lastEvent, 3);
});

test("a fork moves the page and makes the visitor its owner", () => {
  const forked: ServerMessage = { type: "snippet", key: "k2", revision: 1, owner: true, saved: true };
  const { state, effects } = feed(fresh({ owner: false, pending: "run" }), forked, queued("a"));
  assert.deepEqual(effects[0], { type: "moved", key: "k2", move: "fork" });
  assert.deepEqual([state.owner, state.run?.key, takesInput(state)], [true, "k2", true]);
});

test("a first save moves the page without calling it a fork", () => {
  const stored: ServerMessage = { type: "snippet", key: "k1", revision: 1, owner: true, saved: true, stored: 1 };
  const { state, effects } = feed(fresh({ saved: false, revision: 0, pending: "save" }), stored);
  assert.deepEqual(effects, [{ type: "moved", key: "k1", move: "first" }, { type: "stored" }]);
  assert.deepEqual([state.pending, state.notice], [null, "Saved."]);
});

test("what is saved where another snippet is, or was, is no fork", () => {
  const stored: ServerMessage = { type: "snippet", key: "k2", revision: 1, owner: true, saved: true, stored: 1 };
  const { state, effects } = feed(fresh({ saved: false, revision: 0, pending: "save" }), stored);
  assert.deepEqual(effects, [{ type: "moved", key: "k2", move: "elsewhere" }, { type: "stored" }]);
  assert.equal(state.notice, "Saved. The address has changed.");
});

test("whoever waits at an address is shown the first save there", () => {
  const theirs: ServerMessage = { type: "snippet", key: "k1", revision: 1, owner: false, saved: true };
  const { effects } = feed(fresh({ saved: false, owner: false, revision: 0, base: 0 }), theirs);
  assert.deepEqual(effects, [{ type: "moved", key: "k1", move: "first" }, { type: "newer", from: 0, newest: 1 }]);
});

test("why the server refuses to connect is said until it does not", () => {
  const lost = reduce(fresh(), { type: "link", link: "lost" }).state;
  const refused = reduce(lost, { type: "refused", why: "This snippet has a password now." }).state;
  assert.equal(refused.refusal, "This snippet has a password now.");
  assert.equal(reduce(refused, { type: "link", link: "open" }).state.refusal, "");
  assert.equal(reduce(fresh(), { type: "refused", why: "late" }).state.refusal, "", "it has connected meanwhile");
});

test("what the server says on connect moves nothing", () => {
  const { effects } = feed(fresh(), { type: "snippet", key: "k1", revision: 1, owner: true, saved: true });
  assert.deepEqual(effects, []);
});

test("keystrokes go to a live run of the owner only, and only while connected", () => {
  const live = feed(fresh(), queued("a")).state;
  assert.ok(takesInput(live));
  assert.ok(!takesInput({ ...live, owner: false }));
  assert.ok(!takesInput({ ...live, link: "lost" }));
  assert.ok(!takesInput(feed(live, event("a", 2, ending)).state));
});

test("a watcher may run his own copy while another's run is live", () => {
  const watching = feed(fresh({ owner: false }), queued("a")).state;
  assert.ok(!isBusy(watching));
  const forked = feed(watching, { type: "snippet", key: "k2", revision: 1, owner: true, saved: true }).state;
  assert.deepEqual([isBusy(forked), takesInput(forked)], [false, false]);
});

test("what another tab saved is not what this editor started from, until its user has been told", () => {
  const elsewhere: ServerMessage = { type: "snippet", key: "k1", revision: 2, owner: true, saved: true };
  const { state } = feed(fresh(), elsewhere);
  assert.deepEqual([state.revision, state.base], [2, 1]);
  assert.deepEqual(feed(fresh(), elsewhere).effects, [{ type: "newer", from: 1, newest: 2 }]);
  const waiting = feed(fresh({ pending: "save" }), elsewhere);
  assert.deepEqual([waiting.state.pending, waiting.effects], ["save", []], "another's save is no answer to one's own");
  const refused = feed({ ...state, pending: "save" }, { type: "error", code: "stale", message: "Revision 2 was saved." });
  assert.deepEqual(refused.effects, [{ type: "stale", from: 1, newest: 2 }]);
  const told = refused.state;
  assert.deepEqual([told.base, told.pending], [2, null]);
  const own: ServerMessage = { type: "snippet", key: "k1", revision: 4, owner: true, saved: true, stored: 3 };
  assert.equal(feed({ ...told, pending: "save" }, own).state.base, 3);
});

test("an error ends the waiting and is said", () => {
  const { state } = feed(fresh({ pending: "run" }), { type: "error", code: "queue_full", message: "The queue is full." });
  assert.deepEqual([state.pending, state.notice], [null, "The queue is full."]);
});

test("an error about a run leaves a save that waits alone", () => {
  const { state } = feed(fresh({ pending: "save" }), { type: "error", code: "not_yours", message: "no", run: "a" });
  assert.equal(state.pending, "save");
  assert.match(state.notice, /whoever started/);
});

test("a lost connection ends the waiting, in words", () => {
  const { state } = reduce(fresh({ pending: "run" }), { type: "link", link: "lost" });
  assert.deepEqual([state.pending, state.link], [null, "lost"]);
  assert.match(state.notice, /Press Run again/);
});

test("frames that are not ours are ignored", () => {
  for (const text of ["", "null", "[]", "{}", '{"type":"x"}', '{"type":"event","kind":"output","run":"a","id":1,"at_ms":0}']) {
    assert.equal(parseServerMessage(text), null);
  }
});

test("a page opened as a fork names its original until it is saved", () => {
  const page = fresh({ saved: false, revision: 0, forkOf: "k0" });
  assert.equal(socketAddress(page), "/k1/socket?fork=k0");
  const stored: ServerMessage = { type: "snippet", key: "k1", revision: 1, owner: true, saved: true };
  assert.equal(socketAddress(feed(page, stored, queued("a")).state), "/k1/socket?run=a&after=1");
});

test("what is shown of a run is not asked for on another snippet's page", () => {
  const running = feed(fresh(), queued("a")).state;
  assert.equal(socketAddress({ ...running, key: "k2" }), "/k2/socket");
});

test("output of a revision is told where the editor's text started from another", () => {
  const printed = { id: "a", key: "k1", revision: 1 };
  const snippet = (key: string, revision: number, own = {}): ServerMessage => ({ type: "snippet", key, revision, owner: true, saved: true, ...own });
  assert.equal(outputOf(fresh({ printed: null, revision: 3 })), 0);
  assert.equal(outputOf(fresh({ printed, revision: 1 })), 0);
  const old = fresh({ printed, revision: 3, base: 3 });
  assert.equal(outputOf(old), 1);
  assert.equal(outputOf(feed(old, queued("a")).state), 1, "the same run, told again on connecting");
  const newer = feed(old, queued("b")).state;
  assert.equal(outputOf(newer), 0);
  assert.equal(outputOf(feed(newer, snippet("k1", 4, { stored: 4 })).state), 3, "saved without a run");
  const watched = feed(newer, snippet("k1", 4)).state;
  assert.equal(outputOf(watched), 0, "somebody else saved without a run");
  assert.equal(outputOf(feed(watched, queued("c")).state), 4, "somebody else ran what is not shown here");
  assert.equal(outputOf(feed(newer, snippet("k2", 1)).state), 0, "a fork has no output of its own yet");
});
