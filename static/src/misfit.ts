// What of a program is larger than the server keeps. Said by the page: a frame beyond the server's limit would end
// the connection instead of being answered. Pure.

import { sizeOf } from "./files";
import { bytes } from "./format";
import type { Program } from "./protocol";

export interface Limits {
  max_files: number;
  max_source_bytes: number;
  max_stdin_bytes: number;
  max_argument_bytes: number;
}

/** A sentence for the visitor; empty when everything fits. */
export function misfit(program: Program, limits: Limits): string {
  if (program.files.length > limits.max_files) return `There are ${program.files.length} files; at most ${limits.max_files} are kept.`;
  const source = sum(program.files.map(sizeOf));
  if (source > limits.max_source_bytes) return `The source has ${bytes(source)}; at most ${bytes(limits.max_source_bytes)} are kept.`;
  const stdin = size(program.stdin ?? "");
  if (stdin > limits.max_stdin_bytes) return tooMuchInput(stdin, limits);
  // Each ends with a zero byte where the program gets them.
  const args = sum(program.args.map((argument) => size(argument) + 1));
  if (args > limits.max_argument_bytes) return `The arguments have ${bytes(args)}; at most ${bytes(limits.max_argument_bytes)} are passed on.`;
  return "";
}

/** The same for files that are not read yet. */
export function misfitUpload(count: number, size: number, limits: Limits): string {
  if (count > limits.max_files) return `These would be ${count} files; at most ${limits.max_files} are kept.`;
  return size > limits.max_source_bytes ? `These files have ${bytes(size)}; at most ${bytes(limits.max_source_bytes)} are kept.` : "";
}

/** The same for text that is typed or pasted into a running program. */
export function misfitInput(text: string, limits: Limits): string {
  const input = size(text);
  return input > limits.max_stdin_bytes ? tooMuchInput(input, limits) : "";
}

function tooMuchInput(input: number, limits: Limits): string {
  return `The input has ${bytes(input)}; at most ${bytes(limits.max_stdin_bytes)} are passed on.`;
}

const encoder = new TextEncoder();
const size = (text: string): number => encoder.encode(text).length;
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
