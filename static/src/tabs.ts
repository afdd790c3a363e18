// The names of the files as tabs: choose, rename, move, by keyboard and mouse. What it means is the workspace's.

import type { Elements } from "./page";

export interface TabHandlers {
  show(index: number): void;
  move(from: number, to: number): void;
  /** Gives a sentence when the name cannot be used. */
  rename(index: number, path: string): string;
  remove(index: number): void;
  fault(sentence: string): void;
  focusEditor(): void;
}

const DRAG_FROM_PX = 6;

export class Tabs {
  #list: HTMLElement;
  #field: HTMLInputElement;
  #handlers: TabHandlers;
  #paths: string[] = [];
  #shown = 0;
  #renaming = -1;

  constructor({ files, rename }: Elements, handlers: TabHandlers) {
    this.#list = files;
    this.#field = rename;
    this.#handlers = handlers;
    files.setAttribute("role", "tablist");
    files.setAttribute("aria-label", "Files");
    files.addEventListener("click", (event) => this.#clicked(event));
    files.addEventListener("dblclick", () => this.rename());
    files.addEventListener("keydown", (event) => this.#key(event));
    files.addEventListener("pointerdown", (event) => this.#drag(event));
    rename.addEventListener("keydown", (event) => this.#renameKey(event));
    rename.addEventListener("blur", () => this.#finish(this.#field.value.trim(), false));
  }

  show(paths: string[], shown: number): void {
    const hadFocus = this.#list.contains(document.activeElement);
    const same = paths.length === this.#paths.length && paths.every((path, index) => path === this.#paths[index]);
    [this.#paths, this.#shown] = [paths, shown];
    if (!same || this.#list.querySelector("button") === null) this.#list.replaceChildren(...paths.map((path, index) => tab(path, index)));
    for (const [index, element] of this.#tabs().entries()) {
      element.setAttribute("aria-selected", String(index === shown));
      element.tabIndex = index === shown ? 0 : -1;
    }
    const current = this.#tabs()[shown];
    current?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (hadFocus) current?.focus();
  }

  focus(): void {
    this.#tabs()[this.#shown]?.focus();
  }

  /** Puts a field in the place of the tabs; what is typed there is the shown file's new name. */
  rename(): void {
    this.#renaming = this.#shown;
    const path = this.#paths[this.#shown] ?? "";
    this.#field.value = path;
    this.#field.setAttribute("aria-label", `New name of ${path}`);
    this.#field.removeAttribute("aria-invalid");
    this.#field.hidden = false;
    this.#list.hidden = true;
    this.#field.focus();
    this.#field.setSelectionRange(path.lastIndexOf("/") + 1, path.includes(".") ? path.lastIndexOf(".") : path.length);
  }

  #tabs(): HTMLButtonElement[] {
    return [...this.#list.querySelectorAll("button")];
  }

  #clicked(event: MouseEvent): void {
    const index = this.#tabs().findIndex((element) => event.target instanceof Node && element.contains(event.target));
    if (index < 0) return;
    this.#handlers.show(index);
    // A mouse goes on in the text; Enter on a tab stays there.
    if (event.detail === 1) this.#handlers.focusEditor();
  }

  #key(event: KeyboardEvent): void {
    const last = this.#paths.length - 1;
    const moves = event.ctrlKey && event.shiftKey && !event.altKey && !event.metaKey;
    if (!moves && (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey)) return;
    const targets: Record<string, number> = { ArrowLeft: this.#shown - 1, ArrowRight: this.#shown + 1, Home: 0, End: last };
    const target = targets[event.key];
    if (target !== undefined) {
      if (moves && target >= 0 && target <= last) this.#handlers.move(this.#shown, target);
      else if (!moves) this.#handlers.show(Math.min(last, Math.max(0, target)));
    } else if (moves) return;
    else if (event.key === "F2") this.rename();
    else if (event.key === "Delete") this.#handlers.remove(this.#shown);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #renameKey(event: KeyboardEvent): void {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    this.#finish(event.key === "Enter" ? this.#field.value.trim() : (this.#paths[this.#renaming] ?? ""), true);
  }

  /** A name that cannot be used stays in its field while somebody is there to mend it. */
  #finish(path: string, stays: boolean): void {
    const index = this.#renaming;
    if (index < 0) return;
    const fault = path === this.#paths[index] ? "" : this.#handlers.rename(index, path);
    if (fault !== "") {
      this.#handlers.fault(fault);
      this.#field.setAttribute("aria-invalid", "true");
      if (stays) return;
    }
    this.#renaming = -1;
    this.#list.hidden = false;
    this.#field.hidden = true;
    if (stays) this.focus();
  }

  // By the pointer's own events: Firefox does not drag buttons. A finger scrolls the tabs; the menu moves them.
  #drag(event: PointerEvent): void {
    const from = this.#tabs().findIndex((element) => event.target instanceof Node && element.contains(event.target));
    if (from < 0 || event.pointerType === "touch" || event.button !== 0) return;
    let place = from;
    let begun = false;
    const follow = (step: PointerEvent): void => {
      begun ||= Math.abs(step.clientX - event.clientX) > DRAG_FROM_PX;
      if (!begun) return;
      const target = placeAt(this.#tabs(), step.clientX, place);
      if (target === place) return;
      this.#handlers.move(place, target);
      place = target;
    };
    const ends = new AbortController();
    document.addEventListener("pointermove", follow, { signal: ends.signal });
    for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => ends.abort(), { signal: ends.signal });
  }
}

/** Where a tab that is dragged belongs: past a neighbour as soon as the pointer is past its middle. */
function placeAt(tabs: HTMLElement[], x: number, place: number): number {
  const middle = (index: number): number => {
    const box = (tabs[index] as HTMLElement).getBoundingClientRect();
    return box.left + box.width / 2;
  };
  while (place > 0 && x < middle(place - 1)) place -= 1;
  while (place < tabs.length - 1 && x > middle(place + 1)) place += 1;
  return place;
}

function tab(path: string, index: number): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "file";
  element.setAttribute("role", "tab");
  element.setAttribute("aria-controls", "code-panel");
  element.title = index === 0 ? `${path}: the main file, which is run` : path;
  element.textContent = path;
  return element;
}
