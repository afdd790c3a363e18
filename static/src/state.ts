// The page's state and what changes it. Pure: effects are returned, never done here.

import type { ErrorMessage, OutputStream, RunEvent, ServerMessage, SnippetMessage } from "./protocol";
import { advance, isLive, newRun, placeOf, type Run } from "./run";

export interface Printed {
  id: string;
  key: string;
  revision: number;
}

export type Link = "connecting" | "open" | "lost";

export interface State {
  key: string;
  /** The newest. */
  revision: number;
  /** The one that the editor's text started from; a save over a newer one is refused. */
  base: number;
  owner: boolean;
  saved: boolean;
  viewers: number;
  link: Link;
  run: Run | null;
  /** The run whose output is shown, and the revision that it ran. */
  printed: Printed | null;
  /** Runs that a newer one has replaced on this page. */
  past: ReadonlySet<string>;
  /** What was sent and is not answered yet. */
  pending: "run" | "save" | null;
  /** A sentence that stands before the run's own, until the next thing happens. */
  notice: string;
  /** Why the server lets this page connect no more; empty while it is not known to refuse. */
  refusal: string;
  /** The sentence the server wrote into the page. */
  lastMessage: string;
  /** On a page opened as a fork: the original. */
  forkOf: string | null;
  /** What the page shows has a password, or is a fork of something that has. */
  isProtected: boolean;
}

export type Action =
  | { type: "message"; message: ServerMessage; now: number }
  | { type: "link"; link: Link }
  | { type: "refused"; why: string }
  | { type: "sent"; what: "run" | "save" }
  | { type: "notice"; text: string }
  | { type: "notice-over"; text: string };

/** Where a page goes: to its first save, or to a fresh address; to a fork; or elsewhere, because its address was another's. */
export type Move = "first" | "fork" | "elsewhere";

export type Effect =
  | { type: "clear" }
  | { type: "write"; stream: OutputStream; data: string }
  | { type: "finished" }
  | { type: "moved"; key: string; move: Move }
  | { type: "stored" }
  /** Somebody else, or another tab, saved this revision. */
  | { type: "newer"; from: number; newest: number }
  /** A save was refused: this revision is newer than the one that the text started from. */
  | { type: "stale"; from: number; newest: number }
  | { type: "resume" };

export interface Step {
  state: State;
  effects: Effect[];
}

export function initialState(page: Pick<State, "key" | "revision" | "base" | "owner" | "saved" | "forkOf" | "isProtected" | "printed" | "lastMessage" | "notice">): State {
  return { ...page, viewers: 1, link: "connecting", refusal: "", run: null, past: new Set(), pending: null };
}

/** Whether this visitor's own run is queued or live. Others' runs are watched, and do not stop one's own. */
function hasOwnRun(state: State): boolean {
  return state.owner && isLive(state.run) && state.run.key === state.key;
}

/** Whether what is saved goes to this snippet; else it makes a fork. */
export function maySave(state: State): boolean {
  return state.owner || !state.saved;
}

/** The revision whose output is shown, where the editor's text started from another, older or newer; 0 otherwise. */
export function outputOf(state: State): number {
  const { printed } = state;
  if (printed === null || printed.key !== state.key || state.pending === "run") return 0;
  return printed.revision === state.base ? 0 : printed.revision;
}

/** The path and query of this page's socket: where to go on, and what a page not saved yet will be a fork of. */
export function socketAddress(state: State): string {
  const query = new URLSearchParams();
  if (state.run?.key === state.key) {
    query.set("run", state.run.id);
    query.set("after", String(state.run.lastEvent));
  }
  if (!state.saved && state.forkOf !== null) query.set("fork", state.forkOf);
  if (state.isProtected) query.set("protected", "1");
  const words = query.toString();
  return `/${state.key}/socket${words === "" ? "" : `?${words}`}`;
}

/** Whether keystrokes go to the program. */
export function takesInput(state: State): boolean {
  return state.link === "open" && hasOwnRun(state);
}

/** Whether Run means Stop. */
export function isBusy(state: State): boolean {
  return state.pending === "run" || hasOwnRun(state);
}

export function reduce(state: State, action: Action): Step {
  switch (action.type) {
    case "message":
      return receive(state, action.message, action.now);
    case "link":
      return only(linkChanged(state, action.link));
    case "refused":
      return only(state.link === "lost" ? { ...state, refusal: action.why } : state);
    case "sent":
      return only({ ...state, pending: action.what, notice: "" });
    case "notice":
      return only({ ...state, notice: action.text });
    case "notice-over":
      return only(state.notice === action.text ? { ...state, notice: "" } : state);
  }
}

const only = (state: State): Step => ({ state, effects: [] });

function linkChanged(before: State, link: Link): State {
  const state = link === "open" ? { ...before, refusal: "" } : before;
  if (link !== "lost" || state.pending === null) return { ...state, link };
  const what = state.pending === "run" ? "Run" : "Save";
  return { ...state, link, pending: null, notice: `Connection lost before the answer came. Press ${what} again once it is back.` };
}

function receive(state: State, message: ServerMessage, now: number): Step {
  switch (message.type) {
    case "viewers":
      return only({ ...state, viewers: message.count });
    case "error":
      return refused(state, message);
    case "snippet":
      return snippet(state, message);
    case "event":
      return event(state, message, now);
  }
}

function refused(state: State, error: ErrorMessage): Step {
  const notice = error.code === "not_yours" ? "Only whoever started this run can type into it." : error.message;
  // Whoever has been told of the newer revision, and saves again, means it.
  const isStale = error.code === "stale";
  const next = { ...state, base: isStale ? state.revision : state.base, notice, pending: error.run === undefined ? null : state.pending };
  return { state: next, effects: isStale ? [{ type: "stale", from: state.base, newest: state.revision }] : [] };
}

function snippet(state: State, message: SnippetMessage): Step {
  const moved = message.key !== state.key;
  // A newer revision alone may be another tab's.
  const stored = message.stored !== undefined;
  const effects: Effect[] = [];
  if (moved || (message.saved && !state.saved)) effects.push({ type: "moved", key: message.key, move: moveOf(state, message) });
  if (stored) effects.push({ type: "stored" });
  else if (isNewer(state, message)) effects.push({ type: "newer", from: state.base, newest: message.revision });
  const { key, revision, owner, saved } = message;
  // Of what is gone, the page says still which revision it shows: nothing is kept in its place without a word.
  const base = message.stored ?? (moved ? revision : state.base);
  const next = { ...state, key, revision, base, owner, saved };
  if (state.pending === "save" && stored) return { state: { ...next, pending: null, notice: savedSentence(moved, state.saved) }, effects };
  return { state: next, effects };
}

function moveOf(state: State, message: SnippetMessage): Move {
  if (message.key === state.key || !message.saved) return "first";
  return state.saved ? "fork" : "elsewhere";
}

// While an answer to one's own is awaited, that says what became of it.
function isNewer(state: State, message: SnippetMessage): boolean {
  return message.key === state.key && message.saved && message.revision > state.revision && state.pending === null;
}

function savedSentence(moved: boolean, wasSaved: boolean): string {
  if (!moved) return "Saved.";
  return wasSaved ? "Saved as your own copy. The address has changed." : "Saved. The address has changed.";
}

function event(state: State, message: RunEvent, now: number): Step {
  switch (placeOf(message, state.run, state.past)) {
    case "next":
      return show(state, state.run as Run, message, now, []);
    case "newer run":
      return show(printedBy(replaceRun(state), message.run), newRun(message.run, state.key, now), message, now, [{ type: "clear" }]);
    case "gap":
      return { state, effects: [{ type: "resume" }] };
    default:
      return only(state);
  }
}

// A run is told after the revision that it runs.
function printedBy(state: State, run: string): State {
  if (state.printed?.id === run) return state;
  return { ...state, printed: { id: run, key: state.key, revision: state.revision } };
}

function replaceRun(state: State): State {
  const past = state.run ? new Set([...state.past, state.run.id]) : state.past;
  const pending = state.pending === "run" ? null : state.pending;
  return { ...state, past, pending, notice: "", lastMessage: "" };
}

function show(state: State, run: Run, message: RunEvent, now: number, effects: Effect[]): Step {
  if (message.kind === "output") effects.push({ type: "write", stream: message.stream, data: message.data });
  if (message.kind === "finished") effects.push({ type: "finished" });
  return { state: { ...state, run: advance(run, message, now) }, effects };
}
