// One run as this page shows it: which events it has, what the latest said. Pure.

import type { EventKind, Finished, RunEvent } from "./protocol";

export type Phase = "submitted" | "queued" | "started" | "compile" | "run" | "finished";

export interface Run {
  id: string;
  /** The snippet the run belongs to; only that snippet's socket can resume it. */
  key: string;
  lastEvent: number;
  phase: Phase;
  position: number;
  waiting: number;
  cpuMs: number;
  memoryBytes: number;
  /** Page clock at which the present stage began, as well as this page can know it. */
  stageSince: number;
  /** The log's time at which the present stage began. */
  stageAtMs: number;
  finished: Finished | null;
}

export function newRun(id: string, key: string, now: number): Run {
  return {
    id,
    key,
    lastEvent: 0,
    phase: "submitted",
    position: 0,
    waiting: 0,
    cpuMs: 0,
    memoryBytes: 0,
    stageSince: now,
    stageAtMs: 0,
    finished: null,
  };
}

export function isLive(run: Run | null): run is Run {
  return run !== null && run.phase !== "finished";
}

/** The run after one more event. The caller has checked the event's place. */
export function advance(run: Run, event: RunEvent, now: number): Run {
  const next = { ...run, lastEvent: event.id, ...changes(run, event) };
  if (next.phase !== run.phase) return { ...next, stageAtMs: event.at_ms, stageSince: now };
  // A viewer who joins late gets old events at once: the stage is at least as old as the log says.
  return { ...next, stageSince: Math.min(run.stageSince, now - (event.at_ms - run.stageAtMs)) };
}

function changes(run: Run, event: EventKind): Partial<Run> {
  if (run.phase === "finished") return {};
  switch (event.kind) {
    case "queued":
      return { phase: "queued", position: event.position, waiting: event.waiting };
    case "started":
      return { phase: "started" };
    case "stage":
      return { phase: event.name };
    case "usage":
      return { cpuMs: event.cpu_ms, memoryBytes: event.memory_bytes };
    case "finished":
      return { phase: "finished", finished: event };
    default:
      return {};
  }
}

/** Where an event belongs, seen from the run that is shown. */
export type Place = "next" | "seen" | "gap" | "newer run" | "older run";

export function placeOf(event: RunEvent, shown: Run | null, past: ReadonlySet<string>): Place {
  if (shown?.id === event.run) {
    if (event.id <= shown.lastEvent) return "seen";
    return event.id === shown.lastEvent + 1 ? "next" : "gap";
  }
  if (past.has(event.run)) return "older run";
  // A newer run is always told from its first event on; the middle of an unknown one is an older run's.
  return shown === null || event.id === 1 ? "newer run" : "older run";
}
