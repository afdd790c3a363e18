// What the status line says. Pure.

import { bytes, counter, duration, ordinal } from "./format";
import type { Finished } from "./protocol";
import { isLive, type Run } from "./run";
import type { State } from "./state";

export type Tone = "idle" | "waiting" | "running" | "good" | "bad";

export interface Status {
  /** Read aloud when it changes; never holds a ticking number. */
  sentence: string;
  tone: Tone;
}

export const CONNECTION_LOST = "Connection lost, trying again…";

export function status(state: State): Status {
  const own = runStatus(state);
  if (state.notice) return { sentence: state.notice, tone: own.tone };
  if (state.link === "lost") return { sentence: state.refusal || CONNECTION_LOST, tone: "waiting" };
  return own;
}

function runStatus(state: State): Status {
  if (state.pending === "run") return { sentence: "Sending…", tone: "waiting" };
  if (state.pending === "save") return { sentence: "Saving…", tone: "idle" };
  if (state.run) return phaseStatus(state.run);
  return { sentence: state.lastMessage || "Ready", tone: "idle" };
}

function phaseStatus(run: Run): Status {
  switch (run.phase) {
    case "submitted":
      return { sentence: "Submitted…", tone: "waiting" };
    case "queued":
      return { sentence: queueSentence(run), tone: "waiting" };
    case "started":
      return { sentence: "Starting…", tone: "running" };
    case "compile":
      return { sentence: "Compiling…", tone: "running" };
    case "run":
      return { sentence: "Running…", tone: "running" };
    case "finished":
      return finishedStatus(run.finished as Finished);
  }
}

function queueSentence(run: Run): string {
  return `Waiting: ${ordinal(run.position)} of ${Math.max(run.waiting, run.position)} in the queue`;
}

export function finishedStatus(end: Finished): Status {
  const tone: Tone = end.outcome === "exited" ? (end.exit_code === 0 ? "good" : "bad") : end.outcome === "stopped" ? "idle" : "bad";
  const cut = end.truncated && end.outcome !== "output_limit" ? ["output cut at the limit"] : [];
  if (end.outcome === "exited" && end.exit_code !== null) {
    const head = `Finished with exit code ${end.exit_code} after ${duration(end.wall_ms)}`;
    return { sentence: [head, ...figures(end.cpu_ms, end.peak_memory_bytes), ...cut].join(" · "), tone };
  }
  const measured = end.wall_ms > 0 ? figures(end.cpu_ms, end.peak_memory_bytes) : [];
  const message = end.message || "The run ended.";
  const tail = [...measured, ...cut];
  if (tail.length === 0) return { sentence: message, tone };
  return { sentence: [message.replace(/\.$/, ""), ...tail].join(" · "), tone };
}

/** The counter beside the sentence, outside what is read aloud; empty when nothing runs. */
export function ticking(state: State, now: number): string {
  const run = state.run;
  if (!isLive(run) || state.pending || state.link === "lost") return "";
  if (run.phase === "submitted" || run.phase === "queued") return "";
  const known = run.cpuMs > 0 || run.memoryBytes > 0 ? figures(run.cpuMs, run.memoryBytes) : [];
  return [counter(now - run.stageSince), ...known].join(" · ");
}

function figures(cpuMs: number, memoryBytes: number): string[] {
  const memory = memoryBytes > 0 ? [`memory ${bytes(memoryBytes)}`] : [];
  return [`CPU ${duration(cpuMs)}`, ...memory];
}

export function viewersSentence(count: number): string {
  return count > 1 ? `${count} people watching` : "";
}
