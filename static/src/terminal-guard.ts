// Program output is a stranger's bytes. Whatever would make the terminal answer, call the clipboard, open a
// link, name the window or change the page's colours is swallowed here: the sequence is read and has no effect.

import type { IParser } from "@xterm/xterm";

// 0-2 titles, 4/10-12/104/110-112 colours (set and query), 8 links, 52 clipboard, the rest by other terminals.
const OSC = [0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 50, 52, 104, 105, 110, 111, 112, 133, 633, 777, 1337];

const CSI = [
  { final: "c" }, // device attributes, primary
  { prefix: ">", final: "c" }, // secondary
  { prefix: "=", final: "c" }, // tertiary
  { final: "n" }, // status and cursor position reports
  { prefix: "?", final: "n" },
  { final: "t" }, // window operations and reports
  { prefix: ">", final: "t" },
  { intermediates: "$", final: "p" }, // mode queries
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" }, // version query
  { intermediates: " ", final: "q" }, // cursor shape: brings blinking
  { prefix: "?", final: "u" }, // keyboard protocol query
  { final: "x" }, // terminal parameters
  { intermediates: "*", final: "y" }, // checksum of the screen
];

const DCS = [{ intermediates: "$", final: "q" }, { intermediates: "+", final: "q" }, { final: "q" }, { final: "|" }];

export function guard(parser: IParser): void {
  for (const ident of OSC) parser.registerOscHandler(ident, () => true);
  for (const id of CSI) parser.registerCsiHandler(id, () => true);
  for (const id of DCS) parser.registerDcsHandler(id, () => true);
}

/** Focus reports are made when a visitor merely clicks; they are not his words. */
export function isFocusReport(data: string): boolean {
  return data === "\x1b[I" || data === "\x1b[O";
}
