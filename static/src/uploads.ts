// Files that come from the visitor's own machine: chosen, dropped on the code, or pasted.

import { fileOf } from "./files";
import type { SourceFile } from "./protocol";

export interface UploadHandlers {
  /** A sentence when so much cannot be taken; asked before a byte is read. */
  refuse(count: number, bytes: number): string;
  take(files: SourceFile[]): void;
  fault(sentence: string): void;
}

export function wireUploads(pane: HTMLElement, picker: HTMLInputElement, handlers: UploadHandlers): void {
  picker.addEventListener("change", () => {
    void receive(picker.files, handlers);
    picker.value = "";
  });
  // Before the editor, which would put a dropped file's text at the cursor.
  pane.addEventListener("dragover", (event) => over(event, pane), { capture: true });
  pane.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node && pane.contains(event.relatedTarget))) pane.classList.remove("is-target");
  });
  pane.addEventListener("drop", (event) => dropped(event, pane, handlers), { capture: true });
  pane.addEventListener("paste", (event) => pasted(event, handlers), { capture: true });
}

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

function over(event: DragEvent, pane: HTMLElement): void {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  event.stopPropagation();
  pane.classList.add("is-target");
}

function dropped(event: DragEvent, pane: HTMLElement, handlers: UploadHandlers): void {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  event.stopPropagation();
  pane.classList.remove("is-target");
  void receive(event.dataTransfer?.files ?? null, handlers);
}

/** A picture from the clipboard is a file; text beside it would be what was meant. */
function pasted(event: ClipboardEvent, handlers: UploadHandlers): void {
  const data = event.clipboardData;
  if (!data || data.files.length === 0 || data.types.includes("text/plain")) return;
  event.preventDefault();
  event.stopPropagation();
  void receive(data.files, handlers);
}

async function receive(list: FileList | null, handlers: UploadHandlers): Promise<void> {
  const files = [...(list ?? [])];
  if (files.length === 0) return;
  const fault = handlers.refuse(files.length, files.reduce((total, file) => total + file.size, 0));
  if (fault !== "") return handlers.fault(fault);
  try {
    const read = files.map(async (file) => fileOf(file.name, new Uint8Array(await file.arrayBuffer())));
    handlers.take(await Promise.all(read));
  } catch {
    handlers.fault("This could not be read. A folder cannot be taken; choose the files in it.");
  }
}
