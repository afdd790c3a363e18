// The socket: kept open for as long as the page is, with growing pauses between tries.

import { reconnectDelayMs } from "./backoff";
import { parseServerMessage, type ClientMessage, type ServerMessage } from "./protocol";

export interface ConnectionHandlers {
  /** The path and query to connect to; asked anew at each try, since a fork moves it. */
  address(): string;
  message(message: ServerMessage): void;
  opened(): void;
  lost(): void;
  /** A try to connect has failed; maybe the server wants no such connection any more. */
  failed(): void;
}

export class Connection {
  #handlers: ConnectionHandlers;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #wasOpen = false;
  #timer: number | undefined;

  constructor(handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    window.addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
    window.addEventListener("pageshow", (event) => event.persisted && this.#retryNow());
  }

  open(): void {
    const url = new URL(this.#handlers.address(), location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#wasOpen = false;
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", (event) => this.#received(socket, event.data));
    socket.addEventListener("close", () => this.#closed(socket));
  }

  /**
   * False when there is no connection: nothing is kept back to surprise anybody later. What is sent while the page makes
   * its first connection goes as soon as that stands: whoever presses Run at once should not have to press again.
   */
  send(message: ClientMessage): boolean {
    const socket = this.#socket;
    const text = JSON.stringify(message);
    const isFirst = socket?.readyState === WebSocket.CONNECTING && this.#attempt === 0;
    if (isFirst) socket.addEventListener("open", () => socket.send(text), { once: true });
    else if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    else return false;
    return true;
  }

  /** Drops the connection and asks again from the newest event shown. */
  resume(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#later();
  }

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#wasOpen = true;
    this.#handlers.opened();
  }

  #received(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket || typeof data !== "string") return;
    const message = parseServerMessage(data);
    if (message === null) return;
    this.#attempt = 0;
    this.#handlers.message(message);
  }

  #closed(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#handlers.lost();
    if (!this.#wasOpen) this.#handlers.failed();
    this.#later();
  }

  #later(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#retry(), reconnectDelayMs(this.#attempt, Math.random()));
    this.#attempt += 1;
  }

  #retry(): void {
    this.#timer = undefined;
    this.open();
  }

  #retryNow(): void {
    if (this.#timer === undefined || this.#socket !== null) return;
    window.clearTimeout(this.#timer);
    this.#retry();
  }
}
