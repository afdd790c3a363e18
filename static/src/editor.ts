// The editor pane: CodeMirror in the place of the page's textarea, with one state per file.

import { EditorState, type Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { Look } from "./editor-look";
import { isBinary, moved, sizeOf } from "./files";
import type { SourceFile } from "./protocol";

/** One open file. */
export interface OpenFile {
  path: string;
  state: EditorState;
  /** Base64 of what is no text; the editor shows how much of it there is. */
  bytes: string | null;
  /** As it came: an editor that nobody typed in changes no line end. */
  start: { text: string; document: Text };
  scroll?: ReturnType<EditorView["scrollSnapshot"]>;
}

export class Editor {
  #view: EditorView;
  #look: Look;
  #files: OpenFile[];
  #shown = 0;
  #modeOf: (path: string, index: number) => string;

  constructor(
    textarea: HTMLTextAreaElement,
    files: SourceFile[],
    handlers: { changed(): void; modeOf(path: string, index: number): string },
  ) {
    this.#look = new Look(handlers.changed);
    this.#modeOf = handlers.modeOf;
    this.#files = files.map((file) => this.#open(file));
    this.#view = new EditorView({ state: this.#current.state });
    textarea.before(this.#view.dom);
    textarea.hidden = true;
  }

  get shown(): number {
    return this.#shown;
  }

  get paths(): string[] {
    return this.#files.map((file) => file.path);
  }

  /** All files as they are now. */
  get files(): SourceFile[] {
    return this.openFiles.map((file) =>
      file.bytes === null ? { path: file.path, content: textOf(file) } : { path: file.path, content: file.bytes, encoding: "base64" },
    );
  }

  /** The same with their histories, for `reopen`. */
  get openFiles(): OpenFile[] {
    this.#current.state = this.#view.state;
    return this.#files.map((file) => ({ ...file }));
  }

  show(index: number): void {
    if (index === this.#shown || !this.#files[index]) return;
    this.#current.state = this.#view.state;
    this.#current.scroll = this.#view.scrollSnapshot();
    this.#enter(index);
  }

  /** Puts a file at the end, and shows it. */
  add(file: SourceFile): void {
    this.#files.push(this.#open(file));
    this.show(this.#files.length - 1);
  }

  /** Puts a file back at its place, and shows it. */
  insert(index: number, file: OpenFile): void {
    this.#current.state = this.#view.state;
    this.#files.splice(index, 0, file);
    this.#enter(index);
  }

  /** Another content for the file at this place; it can be undone where both are text. */
  replace(index: number, file: SourceFile): void {
    this.show(index);
    if (this.#current.bytes === null && !isBinary(file)) {
      this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: file.content }, selection: { anchor: 0 } });
      return;
    }
    this.#files[index] = this.#open(file);
    this.#enter(index);
  }

  rename(index: number, path: string): void {
    const file = this.#files[index];
    if (!file) return;
    file.path = path;
    if (index === this.#shown) this.#dress();
  }

  move(from: number, to: number): void {
    const current = this.#current;
    this.#files = moved(this.#files, from, to);
    this.#shown = this.#files.indexOf(current);
    this.#dress();
  }

  remove(index: number): void {
    const next = this.#shown > index ? this.#shown - 1 : Math.min(this.#shown, this.#files.length - 2);
    this.#current.state = this.#view.state;
    this.#files = this.#files.filter((_, place) => place !== index);
    this.#enter(next);
  }

  /** Other files in place of all. */
  open(files: SourceFile[]): void {
    this.#files = files.map((file) => this.#open(file));
    this.#enter(0);
  }

  /** A later state of the same program: whoever reads stays where they are. */
  follow(files: SourceFile[]): void {
    const [path, scroll] = [this.#current.path, this.#view.scrollSnapshot()];
    this.#files = files.map((file) => this.#open(file));
    const place = this.#files.findIndex((file) => file.path === path);
    if (place >= 0) (this.#files[place] as OpenFile).scroll = scroll;
    this.#enter(Math.max(place, 0));
  }

  reopen(files: OpenFile[], shown: number): void {
    this.#files = files;
    this.#enter(shown);
  }

  /** Asks again which mode the shown file has. */
  refresh(): void {
    this.#dress();
  }

  focus(): void {
    this.#view.focus();
  }

  get #current(): OpenFile {
    return this.#files[this.#shown] as OpenFile;
  }

  #enter(index: number): void {
    this.#shown = index;
    this.#view.setState(this.#current.state);
    if (this.#current.scroll) this.#view.dispatch({ effects: this.#current.scroll });
    this.#dress();
  }

  #dress(): void {
    void this.#look.dress(this.#view, this.#current.path, this.#modeOf(this.#current.path, this.#shown));
  }

  #open(file: SourceFile): OpenFile {
    const bytes = isBinary(file) ? file.content : null;
    const text = bytes === null ? file.content : `(binary, ${sizeOf(file)} bytes; the menu beside the names has Download)`;
    const state = EditorState.create({ doc: text, extensions: [this.#look.extensions(file.path), EditorState.readOnly.of(bytes !== null)] });
    return { path: file.path, state, bytes, start: { text, document: state.doc } };
  }
}

/** A file whose lines all end in CR LF keeps them so. */
function textOf({ state, start }: OpenFile): string {
  if (state.doc.eq(start.document)) return start.text;
  const isWindows = start.text.includes("\r\n") && !/(^|[^\r])\n/.test(start.text);
  return state.doc.sliceString(0, undefined, isWindows ? "\r\n" : "\n");
}
