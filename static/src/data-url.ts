// A file in the form of a `data:` address, as browsers and tools copy it. Pure.

import { fromBase64 } from "./base64";

const FORM = /^data:([\w.+-]+\/[\w.+-]+)?((?:;[\w.+-]+=[\w.+-]+)*)(;base64)?,(\S*)$/;
const ENDINGS: Record<string, string> = {
  "application/gzip": "gz",
  "application/json": "json",
  "application/pdf": "pdf",
  "application/wasm": "wasm",
  "application/zip": "zip",
  "image/gif": "gif",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/svg+xml": "svg",
  "image/webp": "webp",
  "text/csv": "csv",
  "text/html": "html",
  "text/plain": "txt",
};

export interface DataFile {
  name: string;
  bytes: Uint8Array;
}

/** The file that a text is the address of, under a name that none of these has; null when it is no such address. */
export function dataFile(text: string, taken: readonly string[]): DataFile | null {
  const [, type, , base64, data] = FORM.exec(text.trim()) ?? [];
  if (data === undefined) return null;
  try {
    const bytes = base64 ? fromBase64(decodeURIComponent(data)) : new TextEncoder().encode(decodeURIComponent(data));
    return { name: freeName(ENDINGS[type ?? "text/plain"] ?? "bin", taken), bytes };
  } catch {
    return null;
  }
}

/** Whether what stands before the cursor wants a text: a quote, or what a value follows. */
export function wantsText(before: string): boolean {
  return /["'`(=,:[<>]$/.test(before.trimEnd());
}

function freeName(ending: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = `pasted${number === 1 ? "" : number}.${ending}`;
    if (!taken.includes(name)) return name;
  }
}
