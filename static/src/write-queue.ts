// Between the socket and the terminal widget: output is written at once while the widget keeps up, and
// gathered while it does not, so that a flood can neither freeze the page nor grow its memory without end.

export type Write = (data: string, done: () => void) => void;

const BATCH_CHARACTERS = 128 * 1024;
const MOST_PENDING_CHARACTERS = 8 * 1024 * 1024;
const SKIPPED = "\x1b[0m\r\n[some output was skipped here: this page could not keep up]\r\n";

export class WriteQueue {
  #write: Write;
  #pending: string[] = [];
  #pendingCharacters = 0;
  #busy = false;

  constructor(write: Write) {
    this.#write = write;
  }

  push(data: string): void {
    if (data === "") return;
    this.#pending.push(data);
    this.#pendingCharacters += data.length;
    if (this.#pendingCharacters > MOST_PENDING_CHARACTERS) this.#dropOldest();
    if (!this.#busy) this.#next();
  }

  /** Forgets what is not written yet. */
  clear(): void {
    this.#pending = [];
    this.#pendingCharacters = 0;
  }

  #next(): void {
    const batch = this.#takeBatch();
    this.#busy = batch !== "";
    if (this.#busy) this.#write(batch, () => this.#next());
  }

  #takeBatch(): string {
    let length = 0;
    let count = 0;
    while (count < this.#pending.length && (count === 0 || length < BATCH_CHARACTERS)) {
      length += (this.#pending[count] as string).length;
      count += 1;
    }
    this.#pendingCharacters -= length;
    return this.#pending.splice(0, count).join("");
  }

  #dropOldest(): void {
    while (this.#pending.length > 1 && this.#pendingCharacters > MOST_PENDING_CHARACTERS / 2) {
      this.#pendingCharacters -= (this.#pending.shift() as string).length;
    }
    this.#pending.unshift(SKIPPED);
    this.#pendingCharacters += SKIPPED.length;
  }
}
