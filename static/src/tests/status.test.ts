import assert from "node:assert/strict";
import test from "node:test";
import type { Finished } from "../protocol";
import { newRun, type Run } from "../run";
import { initialState, type State } from "../state";
import { finishedStatus, status, ticking, viewersSentence } from "../status";

const page = { forkOf: null, isProtected: false, printed: null, key: "k", revision: 0, base: 0, owner: true, saved: false, lastMessage: "", notice: "" };
const fresh = (changes: Partial<State> = {}): State => ({ ...initialState(page), link: "open", ...changes });
const run = (changes: Partial<Run>): Run => ({ ...newRun("a", "k", 1000), ...changes });
const end = (changes: Partial<Finished>): Finished => ({
  kind: "finished",
  outcome: "exited",
  exit_code: 0,
  signal: null,
  message: "The program ran longer than 60 s and was stopped.",
  wall_ms: 40,
  cpu_ms: 20,
  peak_memory_bytes: 9 * 1024 ** 2,
  output_bytes: 0,
  truncated: false,
  ...changes,
});

test("each phase has its words", () => {
  const said = (changes: Partial<State>): string => status(fresh(changes)).sentence;
  assert.equal(said({}), "Ready");
  assert.equal(said({ lastMessage: "Finished yesterday." }), "Finished yesterday.");
  assert.equal(said({ run: run({ phase: "queued", position: 3, waiting: 5 }) }), "Waiting: 3rd of 5 in the queue");
  assert.equal(said({ run: run({ phase: "compile" }) }), "Compiling…");
  assert.equal(said({ run: run({ phase: "run" }) }), "Running…");
  assert.equal(said({ link: "lost" }), "Connection lost, trying again…");
});

test("an end says code, time, CPU and memory", () => {
  const { sentence, tone } = finishedStatus(end({}));
  assert.equal(sentence, "Finished with exit code 0 after 0.04 s · CPU 0.02 s · memory 9 MiB");
  assert.equal(tone, "good");
  assert.equal(finishedStatus(end({ exit_code: 1 })).tone, "bad");
});

test("a limit's own sentence is shown, with the figures", () => {
  const { sentence, tone } = finishedStatus(end({ outcome: "time_limit", exit_code: null }));
  assert.equal(sentence, "The program ran longer than 60 s and was stopped · CPU 0.02 s · memory 9 MiB");
  assert.equal(tone, "bad");
});

test("an end without figures has none invented", () => {
  const lost = end({ outcome: "runner_lost", exit_code: null, message: "The runner went away.", wall_ms: 0, peak_memory_bytes: 0 });
  assert.equal(finishedStatus(lost).sentence, "The runner went away.");
});

test("the sentence of a running program stays the same while its counter moves", () => {
  const state = fresh({ run: run({ phase: "run", stageSince: 1000 }) });
  assert.equal(ticking(state, 3300), "2.3 s");
  assert.equal(ticking(fresh({ run: run({ phase: "run", cpuMs: 1500, memoryBytes: 1024 ** 2 }) }), 3300), "2.3 s · CPU 1.5 s · memory 1 MiB");
  assert.equal(ticking(fresh({ run: run({ phase: "queued" }) }), 3300), "");
});

test("watchers are mentioned when there is company", () => {
  assert.deepEqual([viewersSentence(1), viewersSentence(2)], ["", "2 people watching"]);
});
