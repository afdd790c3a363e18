// Files that come from the visitor's own machine: chosen, dropped on the code, or pasted.

import { dataFile, wantsText } from "./data-url";
import { fileOf } from "./files";
import type { SourceFile } from "./protocol";

export interface UploadHandlers {
  /** A sentence when so much cannot be taken; asked before a byte is read. */
  refuse(count: number, bytes: number): string;
  take(files: SourceFile[]): void;
  /** Names that there are. */
  paths(): string[];
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

/** A picture from the clipboard is a file; text beside it would be what was meant, unless it is the address of a file. */
function pasted(event: ClipboardEvent, handlers: UploadHandlers): void {
  const data = event.clipboardData;
  if (!data) return;
  const files = data.types.includes("text/plain") ? addressed(event, data.getData("text/plain"), handlers) : [...data.files];
  if (files.length === 0) return;
  event.preventDefault();
  event.stopPropagation();
  void receive(files, handlers);
}

/** In the code alone: in a field it is a text as any other. */
function addressed(event: ClipboardEvent, text: string, handlers: UploadHandlers): File[] {
  const line = event.target instanceof Node ? lineBeforeCursor(event.target) : null;
  if (line === null || wantsText(line)) return [];
  const file = dataFile(text, handlers.paths());
  return file ? [new File([file.bytes.slice()], file.name)] : [];
}

function lineBeforeCursor(target: Node): string | null {
  const selection = document.getSelection();
  const { focusNode, focusOffset } = selection ?? { focusNode: null, focusOffset: 0 };
  const element = target instanceof Element ? target : target.parentElement;
  if (!focusNode || !element?.closest(".cm-content")) return null;
  const line = (focusNode instanceof Element ? focusNode : focusNode.parentElement)?.closest(".cm-line");
  const range = document.createRange();
  if (!line) return "";
  range.setStart(line, 0);
  range.setEnd(focusNode, focusOffset);
  return range.toString();
}

async function receive(list: Iterable<File> | null, handlers: UploadHandlers): Promise<void> {
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
