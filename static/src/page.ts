// The page as the server rendered it: its data block and its elements, found once and named.

import type { Snapshot } from "./drafts";
import type { LanguageInfo } from "./language-switch";
import type { SourceFile } from "./protocol";

export interface SnippetData {
  key: string;
  saved: boolean;
  revision: number;
  owner: boolean;
  /** On a page that is not saved yet: the snippet it will be a fork of. */
  fork_of: string | null;
  /** What it shows has a password, or is a fork of something that has. */
  protected: boolean;
  /** The newest run, whose output the page shows. */
  last_run: { id: string; revision: number } | null;
  language: LanguageInfo;
  /** Address of the list of all languages. */
  languages: string;
  files: SourceFile[];
  args: string[];
  stdin: string | null;
  max_files: number;
  max_source_bytes: number;
  max_stdin_bytes: number;
  max_argument_bytes: number;
}

export function readData(): SnippetData {
  const data = JSON.parse(byId("snippet-data", HTMLScriptElement).textContent ?? "") as SnippetData;
  const [main] = data.files as [{ path: string; content?: string }];
  // What the text field holds to the byte is not sent a second time.
  main.content ??= byId("content", HTMLTextAreaElement).defaultValue;
  return data;
}

export function findElements() {
  return {
    form: byId("program", HTMLFormElement),
    language: byId("language", HTMLSelectElement),
    content: byId("content", HTMLTextAreaElement),
    path: byId("path", HTMLInputElement),
    revision: byId("revision", HTMLInputElement),
    title: byId("title", HTMLInputElement),
    titleText: byId("title-text", HTMLElement),
    stdin: byId("stdin", HTMLTextAreaElement),
    args: byId("args", HTMLInputElement),
    argsFault: byId("args-fault", HTMLElement),
    inputs: byId("inputs", HTMLDetailsElement),
    run: byId("run", HTMLButtonElement),
    runLabel: byId("run-label", HTMLElement),
    save: byId("save", HTMLButtonElement),
    /** Saves with an expiry, a password or burning; only where that can be chosen. */
    keep: document.querySelector<HTMLButtonElement>("#keep"),
    revisions: byId("revisions", HTMLAnchorElement),
    /** What an owner has at hand once it is saved. */
    kept: byId("kept", HTMLDetailsElement),
    keptWord: byId("kept-word", HTMLElement),
    keptOwn: byId("kept-own", HTMLElement),
    keptLink: byId("kept-link", HTMLAnchorElement),
    dirty: byId("dirty", HTMLElement),
    share: byId("share", HTMLButtonElement),
    shareLink: byId("share-link", HTMLInputElement),
    fork: byId("fork", HTMLAnchorElement),
    files: byId("files", HTMLElement),
    rename: byId("rename", HTMLInputElement),
    fileMenu: byId("file-menu", HTMLDetailsElement),
    addFile: byId("add-file", HTMLButtonElement),
    upload: byId("upload", HTMLInputElement),
    editorPane: byId("editor", HTMLElement),
    outputPane: byId("output", HTMLElement),
    banner: byId("banner", HTMLElement),
    terminal: byId("terminal", HTMLElement),
    lastOutput: byId("last-output", HTMLElement),
    endInput: byId("end-input", HTMLButtonElement),
    scrolled: byId("scrolled", HTMLElement),
    wholeOutput: byId("whole-output", HTMLButtonElement),
    outputOf: byId("output-of", HTMLElement),
    copy: byId("copy-output", HTMLButtonElement),
    screenReader: byId("screen-reader", HTMLButtonElement),
    bar: byId("status-bar", HTMLElement),
    status: byId("status", HTMLElement),
    ticking: byId("ticking", HTMLElement),
    viewers: byId("viewers", HTMLElement),
  };
}

/** What the server has; null on the answer to a form, which holds what was not kept. */
export function savedSnapshot({ title, args, stdin }: Elements, data: SnippetData): Snapshot | null {
  if (location.pathname !== `/${data.key}`) return null;
  // A field of one line holds no line ends.
  const line = args.defaultValue.replace(/[\r\n]/g, "");
  return { language: data.language.id, title: title.defaultValue, files: data.files, args: line, stdin: stdin.defaultValue };
}

export type Elements = ReturnType<typeof findElements>;

function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} called ${id}`);
}
