// Share and Copy: the clipboard where the browser lets us, a selected field where it does not.

const SHOWN_MS = 2000;

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A phone's own share sheet; false where there is none. A visitor who closes it has decided. */
export async function shareSheet(title: string, url: string): Promise<boolean> {
  if (!navigator.share || !window.matchMedia("(pointer: coarse)").matches) return false;
  try {
    await navigator.share({ title, url });
    return true;
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError";
  }
}

/** Shows the text in a field with everything selected, ready for the visitor's own copy command. */
export function offerText(field: HTMLInputElement, text: string): void {
  field.value = text;
  field.hidden = false;
  field.focus();
  field.select();
  field.addEventListener("blur", () => (field.hidden = true), { once: true });
}

/** Says something in the button's own place for two seconds. */
export function flash(button: HTMLButtonElement, word: string): void {
  const label = button.querySelector<HTMLElement>(".label") ?? button;
  button.dataset["label"] ??= label.textContent ?? "";
  const before = button.dataset["label"];
  label.textContent = word;
  window.setTimeout(() => (label.textContent = before), SHOWN_MS);
}
