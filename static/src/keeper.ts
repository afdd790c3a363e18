// Keeps what is typed: knows what is saved, writes the rest into the browser, and says when something is not saved.

import type { Drafts, Snapshot } from "./drafts";

const PAUSE_MS = 400;

export interface KeeperHandlers {
  /** What the page holds now. */
  take(): Snapshot;
  /** The revision that it started from. */
  base(): number;
  /** Whether it is nothing but what a fresh page starts with. */
  isWorthless(snapshot: Snapshot): boolean;
  dirty(isDirty: boolean): void;
}

export class Keeper {
  #drafts: Drafts;
  #handlers: KeeperHandlers;
  #key: string;
  #saved: string;
  #sent = "";
  #timer: number | undefined;
  #isLost = false;
  /** The draft is of this page; else another tab may have typed it, and it is not for this one to drop. */
  #isOwn = false;

  /** `saved` is what the server has; null when it has nothing of what the page shows. */
  constructor(drafts: Drafts, key: string, saved: Snapshot | null, handlers: KeeperHandlers) {
    this.#drafts = drafts;
    this.#handlers = handlers;
    this.#key = key;
    this.#saved = JSON.stringify(saved);
    document.addEventListener("visibilitychange", () => document.hidden && this.#flush());
    window.addEventListener("pagehide", () => this.#flush());
    window.addEventListener("beforeunload", (event) => {
      this.#flush();
      // Asked only where closing the page would lose something.
      if (this.#isLost) event.preventDefault();
    });
  }

  get isDirty(): boolean {
    return JSON.stringify(this.#handlers.take()) !== this.#saved;
  }

  changed(): void {
    this.#timer ??= window.setTimeout(() => this.keep(), PAUSE_MS);
  }

  /** What is on its way to the server. */
  sent(): void {
    this.#sent = JSON.stringify(this.#handlers.take());
  }

  /** It has arrived, and is this snippet's. What was typed since is a draft of its own. */
  stored(key: string): void {
    this.#drafts.drop(this.#key);
    this.#key = key;
    this.#saved = this.#sent;
    this.keep();
  }

  /** Forgets the draft; the page is about to show what is saved. */
  discard(): void {
    window.clearTimeout(this.#timer);
    this.#drafts.drop(this.#key);
    this.#saved = JSON.stringify(this.#handlers.take());
  }

  /** What the page shows now is what the server has. */
  adopt(): void {
    this.#saved = JSON.stringify(this.#handlers.take());
    this.keep();
  }

  /** The page's form is on its way; only the page that answers knows whether it was saved. */
  leave(): void {
    this.keep();
    this.#drafts.markSent(this.#key);
  }

  /** Writes the draft now, or drops it where there is nothing to keep. */
  keep(): void {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
    const snapshot = this.#handlers.take();
    const isDirty = JSON.stringify(snapshot) !== this.#saved && !this.#handlers.isWorthless(snapshot);
    this.#isLost = isDirty && !this.#drafts.keep(this.#key, { snapshot, base: this.#handlers.base(), atMs: Date.now() });
    if (!isDirty && this.#isOwn) this.#drafts.drop(this.#key);
    this.#isOwn = isDirty;
    this.#handlers.dirty(isDirty);
  }

  #flush(): void {
    if (this.#timer !== undefined) this.keep();
  }
}
