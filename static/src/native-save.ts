// Save with an expiry, a password or burning: the page's form itself is sent, because only an answer to that can set the
// cookie which opens a protected snippet again. What stands in the editor takes the place of the form's own fields.

import type { Program } from "./protocol";

const REPLACED = ["path", "content", "base64", "first", "remove"];

export function fillIn(form: FormData, program: Program): void {
  for (const name of REPLACED) form.delete(name);
  for (const file of program.files) {
    form.append("path", file.path);
    form.append(file.encoding === "base64" ? "base64" : "content", file.content);
  }
  form.set("files", "all");
}
