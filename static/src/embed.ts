// The page in other sites' frames works without this; it only copies the code.

import { copyText, flash } from "./share";

const button = document.querySelector<HTMLButtonElement>("#copy");
const code = document.querySelector<HTMLElement>("#code");

button?.addEventListener("click", () => void copyCode(button));

async function copyCode(button: HTMLButtonElement): Promise<void> {
  const copied = await copyText(code?.textContent ?? "");
  if (!copied) select();
  flash(button, copied ? "Copied" : "Press Ctrl+C");
}

/** Frames may be refused the clipboard; the visitor's own copy command always works. */
function select(): void {
  if (code) document.getSelection()?.selectAllChildren(code);
}
