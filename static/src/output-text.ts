// Program output as bytes for the terminal widget. Pure.

import type { OutputStream } from "./protocol";

const STDERR_COLOUR = "\x1b[31m";
const PLAIN_COLOUR = "\x1b[39m";

/** A pipe's text has bare line ends and needs a colour for stderr; a terminal's text is complete. */
export function terminalText(stream: OutputStream, data: string): string {
  if (stream === "terminal") return data;
  const lines = data.replace(/\r?\n/g, "\r\n");
  return stream === "stderr" ? STDERR_COLOUR + lines + PLAIN_COLOUR : lines;
}

/** Full reset, so that one run leaves nothing to the next: screen, scrollback, modes, colours. */
export const RESET = "\x1bc";

/** After the last byte: no mouse reports, no bracketed paste, and no cursor, since nothing listens. */
export const AT_END = "\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?2004l\x1b[?25l";
