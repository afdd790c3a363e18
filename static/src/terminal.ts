// The terminal pane: the xterm.js widget, what it may do, and the plain text that stands there before it.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Widget } from "@xterm/xterm";
import { AT_END, RESET, terminalText } from "./output-text";
import { saveFile } from "./save-file";
import type { OutputStream, TerminalSize } from "./protocol";
import { guard, isFocusReport } from "./terminal-guard";
import { terminalKey } from "./terminal-keys";
import { onThemeChange, terminalTheme } from "./theme";
import { WriteQueue } from "./write-queue";

const SCROLLBACK_LINES = 5000;
const RESIZE_PAUSE_MS = 120;
/** Greater than what a runner lets a run print by default. */
const MOST_PRINTED_CHARACTERS = 16 * 1024 * 1024;

export interface TerminalHandlers {
  input(data: string): void;
  resized(size: TerminalSize): void;
  /** Whether the beginning of the output has left the terminal. */
  scrolled(isCut: boolean): void;
}

export class Terminal {
  #widget: Widget;
  #fit = new FitAddon();
  #queue: WriteQueue;
  #frame: HTMLElement;
  #before: HTMLElement;
  #live = false;
  #printed: string[] = [];
  #printedCharacters = 0;
  #isCut = false;

  constructor(frame: HTMLElement, before: HTMLElement, handlers: TerminalHandlers) {
    this.#frame = frame;
    this.#before = before;
    this.#widget = makeWidget(frame);
    this.#widget.loadAddon(this.#fit);
    guard(this.#widget.parser);
    this.#widget.open(frame);
    this.#widget.attachCustomKeyEventHandler((event) => terminalKey(event, this.#live, this.#widget.hasSelection()));
    this.#queue = new WriteQueue((data, done) => this.#widget.write(data, done));
    const send = (data: string): void => {
      if (this.#live && !isFocusReport(data)) handlers.input(data);
    };
    this.#widget.onData(send);
    this.#widget.onBinary(send);
    this.#widget.onWriteParsed(() => this.#tellCut(handlers));
    this.#followSize(handlers);
    onThemeChange(() => (this.#widget.options.theme = terminalTheme()));
  }

  get size(): TerminalSize {
    return { columns: this.#widget.cols, rows: this.#widget.rows };
  }

  clear(): void {
    this.#before.hidden = true;
    this.#frame.classList.add("is-shown");
    this.#queue.clear();
    this.#queue.push(RESET);
    [this.#printed, this.#printedCharacters] = [[], 0];
  }

  write(stream: OutputStream, data: string): void {
    this.#queue.push(terminalText(stream, data));
    this.#printedCharacters += data.length;
    if (this.#printedCharacters <= MOST_PRINTED_CHARACTERS) this.#printed.push(data);
  }

  finish(): void {
    this.#queue.push(AT_END);
  }

  setLive(live: boolean): void {
    if (live === this.#live) return;
    this.#live = live;
    this.#widget.options.disableStdin = !live;
    this.#frame.classList.toggle("is-live", live);
  }

  setScreenReader(on: boolean): void {
    this.#widget.options.screenReaderMode = on;
  }

  /** Shows it first: what is hidden takes no keys, and those would go to the button that was pressed last. */
  focus(): void {
    this.#frame.classList.add("is-shown");
    this.#widget.focus();
  }

  /** Everything that is shown, wrapped lines joined. */
  text(): string {
    if (!this.#before.hidden) return this.#before.textContent ?? "";
    const buffer = this.#widget.buffer.active;
    let text = "";
    for (let row = 0; row < buffer.length; row += 1) {
      const line = buffer.getLine(row);
      const wraps = buffer.getLine(row + 1)?.isWrapped ?? false;
      text += (line?.translateToString(!wraps) ?? "") + (wraps ? "" : "\n");
    }
    return text.replace(/\n+$/, "\n");
  }

  /** Everything that was printed, as a file. */
  download(): void {
    const text = this.#printed.join("").replace(/\r\n/g, "\n");
    saveFile("output.txt", new Blob([text], { type: "text/plain" }));
  }

  #tellCut(handlers: TerminalHandlers): void {
    const isCut = this.#widget.buffer.normal.baseY >= SCROLLBACK_LINES;
    if (isCut === this.#isCut) return;
    this.#isCut = isCut;
    handlers.scrolled(isCut);
  }

  #followSize(handlers: TerminalHandlers): void {
    let timer: number | undefined;
    const refit = (): void => {
      const before = this.size;
      this.#fit.fit();
      if (before.columns !== this.size.columns || before.rows !== this.size.rows) handlers.resized(this.size);
    };
    this.#fit.fit();
    new ResizeObserver(() => {
      window.clearTimeout(timer);
      timer = window.setTimeout(refit, RESIZE_PAUSE_MS);
    }).observe(this.#frame);
  }
}

function makeWidget(frame: HTMLElement): Widget {
  const style = getComputedStyle(frame);
  const fontSize = Number.parseFloat(style.fontSize);
  return new Widget({
    allowProposedApi: false,
    cursorBlink: false,
    cursorInactiveStyle: "none",
    disableStdin: true,
    fontFamily: style.fontFamily,
    fontSize,
    lineHeight: Math.max(1, Number.parseFloat(style.lineHeight) / naturalLineHeight(frame)),
    linkHandler: { activate: () => undefined },
    macOptionIsMeta: false,
    minimumContrastRatio: 4.5,
    scrollback: SCROLLBACK_LINES,
    theme: terminalTheme(),
    windowOptions: {},
  });
}

// The widget's line height is a multiple of the font's own; the plain text before it has pixels. Both must agree.
function naturalLineHeight(frame: HTMLElement): number {
  const probe = document.createElement("span");
  probe.className = "probe";
  probe.textContent = "W";
  frame.append(probe);
  const height = probe.offsetHeight;
  probe.remove();
  return height || 16;
}
