// The socket's messages, as docs/API.md states them, and the only place that reads them from text.

export interface SourceFile {
  path: string;
  content: string;
  /** Of content that is no text. */
  encoding?: "base64";
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface Program {
  language: string;
  files: SourceFile[];
  args: string[];
  stdin: string | null;
  /** Absent: as it was. */
  title?: string;
}

export type ClientMessage =
  | ({ type: "run"; revision: number; tty: TerminalSize | null } & Program)
  | ({ type: "save"; revision: number } & Program)
  | { type: "input"; run: string; data: string }
  | { type: "eof"; run: string }
  | ({ type: "resize"; run: string } & TerminalSize)
  | { type: "stop"; run: string };

export type OutputStream = "stdout" | "stderr" | "terminal";

export interface Finished {
  kind: "finished";
  outcome: string;
  exit_code: number | null;
  signal: string | null;
  message: string;
  wall_ms: number;
  cpu_ms: number;
  peak_memory_bytes: number;
  output_bytes: number;
  truncated: boolean;
}

export type EventKind =
  | { kind: "queued"; position: number; waiting: number }
  | { kind: "started"; language: string; version: string; runner: string }
  | { kind: "stage"; name: "compile" | "run" }
  | { kind: "output"; stream: OutputStream; data: string }
  | { kind: "usage"; cpu_ms: number; memory_bytes: number }
  | Finished;

export type RunEvent = { type: "event"; run: string; id: number; at_ms: number } & EventKind;

export interface SnippetMessage {
  type: "snippet";
  key: string;
  revision: number;
  owner: boolean;
  saved: boolean;
  /** The revision that this page's own program became, right after it was stored. */
  stored?: number;
}

export interface ErrorMessage {
  type: "error";
  message: string;
  code: string;
  run?: string;
}

export type ServerMessage = SnippetMessage | RunEvent | { type: "viewers"; count: number } | ErrorMessage;

type Fields = Record<string, unknown>;

/** Reads one frame; null for what this page does not know, so that a newer server can say more. */
export function parseServerMessage(text: string): ServerMessage | null {
  const fields = parseObject(text);
  switch (fields?.["type"]) {
    case "snippet":
      return has(fields, { key: "string", revision: "number" }) ? snippet(fields) : null;
    case "viewers":
      return has(fields, { count: "number" }) ? (fields as unknown as ServerMessage) : null;
    case "error":
      return has(fields, { message: "string" }) ? (fields as unknown as ServerMessage) : null;
    case "event":
      return isEvent(fields) ? (fields as unknown as ServerMessage) : null;
    default:
      return null;
  }
}

const EVENT_FIELDS: Record<string, Record<string, string>> = {
  queued: { position: "number", waiting: "number" },
  started: {},
  stage: { name: "string" },
  output: { stream: "string", data: "string" },
  usage: { cpu_ms: "number", memory_bytes: "number" },
  finished: { outcome: "string", message: "string", wall_ms: "number", cpu_ms: "number", peak_memory_bytes: "number" },
};

// An unknown kind stays an event: its id counts, or the next one would look like a gap.
function isEvent(fields: Fields): boolean {
  const wanted = EVENT_FIELDS[String(fields["kind"])] ?? {};
  return has(fields, { run: "string", id: "number", at_ms: "number", kind: "string" }) && has(fields, wanted);
}

function snippet(fields: Fields): SnippetMessage {
  const revision = fields["revision"] as number;
  return {
    type: "snippet",
    key: fields["key"] as string,
    revision,
    owner: fields["owner"] === true,
    saved: typeof fields["saved"] === "boolean" ? fields["saved"] : revision > 0,
    ...(typeof fields["stored"] === "number" ? { stored: fields["stored"] } : {}),
  };
}

function parseObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function has(fields: Fields, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, type]) => typeof fields[name] === type);
}
