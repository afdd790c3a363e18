// The program on the page: files, language, arguments, input and title, and what a visitor does to them.

import { splitArguments } from "./arguments";
import type { Banner } from "./banner";
import type { Snapshot } from "./drafts";
import { Editor, type OpenFile } from "./editor";
import { bytesOf, freshPath, languageOf, pathFault } from "./files";
import { sameText, switchLanguage, type LanguageInfo } from "./language-switch";
import type { Elements, SnippetData } from "./page";
import type { Program, SourceFile } from "./protocol";
import { saveFile } from "./save-file";
import { Tabs } from "./tabs";

const UNDO_MS = 20_000;

export interface WorkspaceHandlers {
  changed(): void;
  say(sentence: string): void;
}

export class Workspace {
  #elements: Elements;
  #languages: Map<string, LanguageInfo>;
  /** The id of the language that the text is in; the list may not know it yet. */
  #language: string;
  #banner: Banner;
  #handlers: WorkspaceHandlers;
  #editor: Editor;
  #tabs: Tabs;
  #undoesAll = false;

  constructor(elements: Elements, data: SnippetData, banner: Banner, handlers: WorkspaceHandlers) {
    this.#elements = elements;
    this.#banner = banner;
    this.#handlers = handlers;
    this.#languages = new Map([[data.language.id, data.language]]);
    this.#language = data.language.id;
    this.#editor = new Editor(elements.content, asTyped(elements.content, data.files), {
      changed: () => this.#edited(),
      modeOf: (path, index) => this.#modeOf(path, index),
    });
    this.#tabs = new Tabs(elements, {
      show: (index) => this.show(index),
      move: (from, to) => this.move(from, to),
      rename: (index, path) => this.#rename(index, path),
      remove: (index) => this.remove(index),
      fault: handlers.say,
      focusEditor: () => this.#editor.focus(),
    });
    this.#editor.refresh();
    this.#showTabs();
  }

  get language(): LanguageInfo | undefined {
    return this.#languages.get(this.#language);
  }

  /** Takes the list of all languages; until it has come, only the page's own is known, and no other can be chosen. */
  learn(languages: readonly LanguageInfo[]): void {
    this.#languages = new Map(languages.map((language) => [language.id, language]));
    if (this.#language !== this.#elements.language.value) this.chooseLanguage();
    else this.#editor.refresh();
  }

  snapshot(): Snapshot {
    const { language, title, args, stdin } = this.#elements;
    return { language: language.value, title: title.value, files: this.#editor.files, args: args.value, stdin: stdin.value };
  }

  restore(snapshot: Snapshot): void {
    this.#fill(snapshot);
    this.#editor.open(snapshot.files);
    this.#changed();
  }

  /** Shows a later revision in the place of one that nobody has changed. */
  follow(snapshot: Snapshot): void {
    this.#fill(snapshot);
    this.#elements.titleText.textContent = snapshot.title || "Untitled";
    this.#elements.titleText.classList.toggle("is-empty", snapshot.title === "");
    this.#editor.follow(snapshot.files);
    this.#changed();
  }

  #fill(snapshot: Snapshot): void {
    const { language, title, args, stdin, inputs } = this.#elements;
    if ([...language.options].some((option) => option.value === snapshot.language)) language.value = snapshot.language;
    this.#language = language.value;
    [title.value, args.value, stdin.value] = [snapshot.title, snapshot.args, snapshot.stdin];
    if (snapshot.args !== "" || snapshot.stdin !== "") inputs.open = true;
  }

  /** What Run and Save send; null, and said, when the arguments cannot be understood. */
  program(): Program | null {
    const { args, argsFault, inputs, language, stdin } = this.#elements;
    const { words, open } = splitArguments(args.value);
    argsFault.hidden = open === "";
    args.setAttribute("aria-invalid", String(open !== ""));
    if (open !== "") {
      argsFault.textContent = `A ${open} is never closed. Close it, or put \\ before it if it is meant as it stands.`;
      inputs.open = true;
      args.focus();
      return null;
    }
    return { language: language.value, files: this.#editor.files, args: words, stdin: stdin.value || null };
  }

  /** Whether it is nothing but what a fresh page starts with. */
  isUntouched(snapshot: Snapshot): boolean {
    const [first, ...others] = snapshot.files;
    const known = [...this.#languages.values()].some((language) => sameText(first?.content ?? "", language.hello));
    const text = first?.content.trim() ?? "";
    return others.length === 0 && (known || text === "") && [snapshot.args, snapshot.stdin, snapshot.title].every((word) => word === "");
  }

  chooseLanguage(): void {
    const chosen = this.#languages.get(this.#elements.language.value);
    const main = this.#editor.files[0];
    if (!chosen || !main) return this.#handlers.changed();
    const draft = switchLanguage(main, this.language, chosen);
    this.#language = chosen.id;
    if (draft.content !== main.content) this.#editor.replace(0, { path: main.path, content: draft.content });
    if (pathFault(draft.path, this.#editor.paths.slice(1)) === "") this.#editor.rename(0, draft.path);
    this.#editor.refresh();
    this.#changed();
  }

  show(index: number): void {
    this.#editor.show(index);
    this.#showTabs();
  }

  move(from: number, to: number): void {
    if (to < 0 || to >= this.#editor.paths.length) return;
    this.#editor.move(from, to);
    this.#changed();
    this.#tabs.focus();
  }

  remove(index: number): void {
    const path = this.#editor.paths[index];
    if (path === undefined) return;
    if (this.#editor.paths.length === 1) return this.#handlers.say("This is the only file; a snippet needs one.");
    const file = this.#editor.openFiles[index] as OpenFile;
    this.#editor.remove(index);
    this.#changed();
    const undo = (): void => {
      if (pathFault(path, this.#editor.paths) !== "") return this.#handlers.say(`There is a file called ${path} again already.`);
      this.#editor.insert(index, file);
      this.#changed();
    };
    this.#banner.showPassing(`${path} is deleted.`, UNDO_MS, [{ label: "Undo", act: undo }]);
  }

  /** Does what the menu says. */
  act(what: string): void {
    const shown = this.#editor.shown;
    if (what === "add") this.#add();
    else if (what === "rename") this.#tabs.rename();
    else if (what === "left") this.move(shown, shown - 1);
    else if (what === "right") this.move(shown, shown + 1);
    else if (what === "delete") this.remove(shown);
    else if (what === "download") this.#download(this.#editor.files[shown] as SourceFile);
    else if (what === "upload") this.#elements.upload.click();
  }

  /** Files from outside: they stand beside those that are there, or in the place of a program nobody has touched. */
  take(files: SourceFile[]): void {
    const fault = files.map((file) => pathFault(file.path, [])).find((sentence) => sentence !== "");
    if (fault) return this.#handlers.say(fault);
    const names = files.length === 1 ? (files[0] as SourceFile).path : `${files.length} files`;
    if (this.isUntouched(this.snapshot())) {
      const main = files.find((file) => languageOf(file.path, this.#languages.values())) ?? files[0];
      return this.#undoable(`${names} took the place of the first program.`, () => this.#start(files, main as SourceFile));
    }
    const replaced = files.filter((file) => this.#editor.paths.includes(file.path)).map((file) => file.path);
    const tail = replaced.length > 0 ? ` Replaced: ${replaced.join(", ")}.` : "";
    this.#undoable(`${names} added.${tail}`, () => files.forEach((file) => this.#put(file)));
  }

  get count(): number {
    return this.#editor.paths.length;
  }

  focus(): void {
    this.#editor.focus();
  }

  #download(file: SourceFile): void {
    saveFile(file.path.replace(/.*\//, ""), new Blob([bytesOf(file)]));
  }

  #start(files: SourceFile[], main: SourceFile): void {
    this.#editor.open([main, ...files.filter((file) => file !== main)]);
    const language = languageOf(main.path, this.#languages.values());
    if (!language) return;
    this.#language = language.id;
    this.#elements.language.value = language.id;
    this.#editor.refresh();
  }

  #put(file: SourceFile): void {
    const index = this.#editor.paths.indexOf(file.path);
    if (index >= 0) return this.#editor.replace(index, file);
    const fault = pathFault(file.path, this.#editor.paths);
    if (fault !== "") return this.#handlers.say(fault);
    this.#editor.add(file);
  }

  #add(): void {
    this.#editor.add({ path: freshPath(this.language?.main ?? "main.txt", this.#editor.paths), content: "" });
    this.#changed();
    this.#tabs.rename();
  }

  #rename(index: number, path: string): string {
    const others = this.#editor.paths.filter((_, place) => place !== index);
    const fault = pathFault(path, others);
    if (fault === "") {
      this.#editor.rename(index, path);
      this.#changed();
    }
    return fault;
  }

  #edited(): void {
    if (this.#undoesAll) this.#banner.hide();
    this.#undoesAll = false;
    this.#handlers.changed();
  }

  /** Does it, says it, and offers to take it back until something is typed. */
  #undoable(sentence: string, act: () => void): void {
    const [files, shown] = [this.#editor.openFiles, this.#editor.shown];
    const [chosen, language] = [this.#elements.language.value, this.#language];
    act();
    this.#changed();
    const undo = (): void => {
      this.#elements.language.value = chosen;
      this.#language = language;
      this.#editor.reopen(files, shown);
      this.#changed();
    };
    this.#banner.showPassing(sentence, UNDO_MS, [{ label: "Undo", act: undo }]);
    this.#undoesAll = true;
  }

  #modeOf(path: string, index: number): string {
    const byName = languageOf(path, this.#languages.values());
    return byName?.editor ?? (index === 0 ? (this.language?.editor ?? "") : "");
  }

  #changed(): void {
    this.#showTabs();
    this.#elements.path.value = this.#editor.paths[0] ?? "";
    this.#handlers.changed();
  }

  #showTabs(): void {
    this.#tabs.show(this.#editor.paths, this.#editor.shown);
  }
}

/** What the server sent, with what was typed into the text field before the script had come. */
function asTyped(field: HTMLTextAreaElement, files: SourceFile[]): SourceFile[] {
  const [first, ...others] = files as [SourceFile, ...SourceFile[]];
  return field.value === field.defaultValue ? files : [{ path: first.path, content: field.value }, ...others];
}
