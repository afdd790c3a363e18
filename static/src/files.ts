// The list of files: names, kinds and sizes. The server checks by the same rules and has the last word. Pure.

import { fromBase64, toBase64 } from "./base64";
import type { LanguageInfo } from "./language-switch";
import type { SourceFile } from "./protocol";

const MAX_PATH_BYTES = 200;
const MAX_PATH_PARTS = 10;

/** What is wrong with a path beside these others, in words; empty when nothing is. */
export function pathFault(path: string, others: readonly string[]): string {
  const parts = path.split("/");
  if (path === "") return "A file needs a name.";
  if (new TextEncoder().encode(path).length > MAX_PATH_BYTES) return "This name is longer than 200 bytes.";
  if (/\p{Cc}/u.test(path)) return "Control characters are not allowed in names.";
  if (/[\u2028-\u202e\u2066-\u2069]/.test(path)) return "Characters that turn the direction of text are not allowed in names.";
  if (path.startsWith("/") || path.includes("\\")) return "Use a relative path with forward slashes, like lib/util.py.";
  if (parts.length > MAX_PATH_PARTS) return "Folders are nested more than 10 deep.";
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "A path may not have empty parts, “.” or “..”.";
  if (others.includes(path)) return `There is a file called ${path} already.`;
  const clash = others.find((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
  return clash === undefined ? "" : `A file and a folder cannot share a name: ${clash} is there already.`;
}

/** A name for one file more: file2.py, file3.py and so on, with the ending of the language. */
export function freshPath(main: string, taken: readonly string[]): string {
  const ending = /\.\w+$/.exec(main)?.[0] ?? ".txt";
  let number = taken.length + 1;
  while (pathFault(`file${number}${ending}`, taken) !== "") number += 1;
  return `file${number}${ending}`;
}

/** The list with one entry at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, index) => index !== from);
  return [...rest.slice(0, to), list[from] as T, ...rest.slice(to)];
}

/** The language that a file of this name is written in. */
export function languageOf(path: string, languages: Iterable<LanguageInfo>): LanguageInfo | undefined {
  const ending = /\.\w+$/.exec(path)?.[0];
  if (ending === undefined) return undefined;
  return [...languages].find((language) => language.main.endsWith(ending));
}

export const isBinary = (file: SourceFile): boolean => file.encoding === "base64";

export function sizeOf(file: SourceFile): number {
  if (!isBinary(file)) return new TextEncoder().encode(file.content).length;
  const padding = /=*$/.exec(file.content)?.[0].length ?? 0;
  return (file.content.length / 4) * 3 - padding;
}

/** Text if the bytes are that, as the server sees it: UTF-8 without a zero byte. */
export function fileOf(path: string, bytes: Uint8Array): SourceFile {
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!content.includes("\0")) return { path, content };
  } catch {
    // Not text.
  }
  return { path, content: toBase64(bytes), encoding: "base64" };
}

export function bytesOf(file: SourceFile): Uint8Array<ArrayBuffer> {
  return isBinary(file) ? fromBase64(file.content) : new Uint8Array(new TextEncoder().encode(file.content));
}
