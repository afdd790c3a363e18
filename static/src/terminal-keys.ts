// Which keys the terminal leaves to the page, so that nobody is caught in it. Pure.

export type KeyPress = Pick<KeyboardEvent, "type" | "key" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/** False: the browser handles the key. True: the terminal does. */
export function terminalKey(event: KeyPress, live: boolean, hasSelection: boolean): boolean {
  if (event.key === "Tab") return live && !event.shiftKey;
  if (!live) return isScroll(event);
  const control = event.ctrlKey && !event.altKey && !event.metaKey;
  if (control && event.key.toLowerCase() === "v") return false;
  if (control && event.key.toLowerCase() === "c") return !hasSelection && !event.shiftKey;
  return true;
}

function isScroll(event: KeyPress): boolean {
  return event.shiftKey && (event.key === "PageUp" || event.key === "PageDown");
}
