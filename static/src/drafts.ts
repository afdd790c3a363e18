// Drafts: what is typed and not saved yet, kept in the browser under its snippet's key. Bounded in number, size and age.

import type { SourceFile } from "./protocol";

/** Everything that a visitor can change on the page. */
export interface Snapshot {
  language: string;
  title: string;
  files: SourceFile[];
  /** The arguments line. */
  args: string;
  stdin: string;
}

export interface Draft {
  snapshot: Snapshot;
  /** The revision that it started from. */
  base: number;
  atMs: number;
  /** The form with it was sent: where its snippet is saved then, it is no draft any more. */
  isSent?: boolean;
}

const PREFIX = "codecube:draft:";
const MOST_DRAFTS = 20;
const MOST_CHARACTERS = 2_000_000;
const LONGEST_MS = 30 * 24 * 3600 * 1000;

export class Drafts {
  #storage: Storage | null;

  /** Without storage (a browser may forbid it) nothing is kept, and `keep` says so. */
  constructor(storage: Storage | null) {
    this.#storage = storage;
  }

  /** Whether the draft is kept now; older ones of other snippets make room. */
  keep(key: string, draft: Draft): boolean {
    const text = JSON.stringify(draft);
    if (this.#storage === null || text.length > MOST_CHARACTERS) return false;
    const others = this.#all().filter((other) => other.key !== key);
    this.#makeRoom(others, text.length, draft.atMs);
    for (;;) {
      try {
        this.#storage.setItem(PREFIX + key, text);
        return true;
      } catch {
        const oldest = others.pop();
        if (oldest === undefined) return false;
        this.drop(oldest.key);
      }
    }
  }

  find(key: string): Draft | null {
    try {
      return parse(this.#storage?.getItem(PREFIX + key) ?? null);
    } catch {
      return null;
    }
  }

  /** The page's form was sent with what the draft holds. Typing on makes it a draft again. */
  markSent(key: string): void {
    const draft = this.find(key);
    if (draft) this.keep(key, { ...draft, isSent: true });
  }

  drop(key: string): void {
    try {
      this.#storage?.removeItem(PREFIX + key);
    } catch {
      // Nothing is kept there then.
    }
  }

  /** The newest draft of a snippet that was never saved: nothing but this browser knows its address. */
  newestUnsaved(): { key: string; draft: Draft } | null {
    const unsaved = this.#all().find(({ draft }) => draft.base === 0);
    return unsaved ? { key: unsaved.key, draft: unsaved.draft } : null;
  }

  #makeRoom(others: Kept[], characters: number, now: number): void {
    let [count, total] = [1, characters];
    for (const other of [...others]) {
      count += 1;
      total += other.characters;
      if (count <= MOST_DRAFTS && total <= MOST_CHARACTERS && now - other.draft.atMs < LONGEST_MS) continue;
      this.drop(other.key);
      others.splice(others.indexOf(other), 1);
    }
  }

  /** The newest first. */
  #all(): Kept[] {
    const found: Kept[] = [];
    for (const name of names(this.#storage)) {
      const key = name.slice(PREFIX.length);
      const draft = this.find(key);
      if (draft) found.push({ key, draft, characters: JSON.stringify(draft).length });
    }
    return found.sort((left, right) => right.draft.atMs - left.draft.atMs);
  }
}

interface Kept {
  key: string;
  draft: Draft;
  characters: number;
}

function names(storage: Storage | null): string[] {
  try {
    const all = Array.from({ length: storage?.length ?? 0 }, (_, index) => storage?.key(index) ?? "");
    return all.filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
}

function parse(text: string | null): Draft | null {
  const draft = text === null ? null : (JSON.parse(text) as Draft);
  const { language, files, args, stdin, title } = draft?.snapshot ?? {};
  const texts = [language, args, stdin, title].every((word) => typeof word === "string");
  return texts && Array.isArray(files) && files.length > 0 && typeof draft?.atMs === "number" ? draft : null;
}

/** The browser's own store, where it lets us. */
export function browserStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
