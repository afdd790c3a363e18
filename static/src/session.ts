// One visit: the state, the socket and the terminal, and the rules by which they move each other.

import { Connection } from "./connection";
import type { Program } from "./protocol";
import { whyRefused } from "./refusal";
import { isLive } from "./run";
import { initialState, isBusy, reduce, socketAddress, takesInput, type Action, type Effect, type Move, type State } from "./state";
import type { Terminal } from "./terminal";

const PASSING_NOTICE_MS = 6000;

export interface SessionHandlers {
  shown(state: State): void;
  /** The address follows what was saved. */
  moved(key: string, move: Move): void;
  sent(): void;
  stored(key: string): void;
  /** Another revision was saved since; this one was not. */
  stale(from: number, newest: number): void;
  /** Another revision was saved since, and nothing of this page was to be. */
  newer(from: number, newest: number): void;
}

export class Session {
  state: State;
  #handlers: SessionHandlers;
  #connection: Connection;
  #terminal: Terminal | null = null;

  constructor(page: Parameters<typeof initialState>[0], handlers: SessionHandlers) {
    this.state = initialState(page);
    this.#handlers = handlers;
    this.#connection = new Connection({
      address: () => socketAddress(this.state),
      message: (message) => this.apply({ type: "message", message, now: performance.now() }),
      opened: () => this.apply({ type: "link", link: "open" }),
      lost: () => this.apply({ type: "link", link: "lost" }),
      failed: () => void this.#learnWhy(),
    });
  }

  /** The text in the editor is of this revision, not of the newest. */
  startFrom(base: number): void {
    this.state = { ...this.state, base };
    this.#handlers.shown(this.state);
  }

  start(terminal: Terminal): void {
    this.#terminal = terminal;
    this.#connection.open();
  }

  apply(action: Action): void {
    const { state, effects } = reduce(this.state, action);
    this.state = state;
    for (const effect of effects) this.#do(effect);
    this.#terminal?.setLive(takesInput(state));
    this.#handlers.shown(state);
  }

  run(program: Program): void {
    if (isBusy(this.state)) return this.notify("A run is in progress. Stop it first.");
    const tty = this.#terminal?.size ?? null;
    if (!this.#connection.send({ type: "run", ...program, revision: this.state.base, tty })) return this.#notConnected("run");
    this.#handlers.sent();
    this.apply({ type: "sent", what: "run" });
  }

  save(program: Program): void {
    if (this.state.pending) return;
    if (!this.#connection.send({ type: "save", ...program, revision: this.state.base })) return this.#notConnected("save");
    this.#handlers.sent();
    this.apply({ type: "sent", what: "save" });
  }

  stop(): void {
    const { run } = this.state;
    if (!isLive(run)) return;
    if (!this.#connection.send({ type: "stop", run: run.id })) this.#notConnected("stop");
  }

  input(data: string): void {
    if (takesInput(this.state) && this.state.run) this.#connection.send({ type: "input", run: this.state.run.id, data });
  }

  endInput(): void {
    if (takesInput(this.state) && this.state.run) this.#connection.send({ type: "eof", run: this.state.run.id });
  }

  resize(size: { columns: number; rows: number }): void {
    if (takesInput(this.state) && this.state.run) this.#connection.send({ type: "resize", run: this.state.run.id, ...size });
  }

  /** A sentence that makes room again by itself. */
  notify(text: string): void {
    this.apply({ type: "notice", text });
    window.setTimeout(() => this.apply({ type: "notice-over", text }), PASSING_NOTICE_MS);
  }

  async #learnWhy(): Promise<void> {
    this.apply({ type: "refused", why: await whyRefused(this.state.key, this.state.isProtected) });
  }

  #notConnected(what: "run" | "save" | "stop"): void {
    const tail = what === "stop" ? "The run goes on until its limits." : "Your text is still here.";
    this.notify(`Not connected, so this cannot ${what} now. ${tail}`);
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case "clear":
        return this.#terminal?.clear();
      case "write":
        return this.#terminal?.write(effect.stream, effect.data);
      case "finished":
        return this.#terminal?.finish();
      case "moved":
        return this.#handlers.moved(effect.key, effect.move);
      case "stored":
        return this.#handlers.stored(this.state.key);
      case "newer":
        return this.#handlers.newer(effect.from, effect.newest);
      case "stale":
        return this.#handlers.stale(effect.from, effect.newest);
      case "resume":
        return this.#connection.resume();
    }
  }
}
