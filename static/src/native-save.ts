// Save with an expiry, a password or burning: the page's form itself is sent, because only an answer to that can set the
// cookie which opens a protected snippet again. What stands in the editor takes the place of the form's own fields.

import { toBase64 } from "./base64";
import { bytesOf, isBinary } from "./files";
import type { Program } from "./protocol";

/** Whether an expiry, a password or burning is chosen. The socket cannot carry that; what it saves is open and stays. */
export function isChosen(panel: ParentNode): boolean {
  const password = panel.querySelector<HTMLInputElement>("[name=password]");
  const lasts = panel.querySelector<HTMLSelectElement>("[name=expires]")?.value ?? "never";
  const burns = panel.querySelector<HTMLInputElement>("[name=burn]")?.checked ?? false;
  // One that is asked for again was chosen before.
  return burns || lasts !== "never" || (password !== null && (password.required || password.value !== ""));
}

const REPLACED = ["path", "original", "content", "base64", "first", "remove"];

export function fillIn(form: FormData, program: Program): void {
  for (const name of REPLACED) form.delete(name);
  for (const file of program.files) {
    form.append("path", file.path);
    // A form has line ends of its own; whoever has others keeps them.
    const isExact = !isBinary(file) && !file.content.includes("\r");
    form.append(isExact ? "content" : "base64", isExact ? file.content : toBase64(bytesOf(file)));
  }
  form.set("files", "all");
}
