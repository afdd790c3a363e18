// The editor pane: CodeMirror in the place of the page's textarea.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { loadMode } from "./modes";
import type { SourceFile } from "./protocol";
import { replaceSelection } from "./replace-selection";
import { styleNonce } from "./style-nonce";

// Direction controls can make code read differently from how it runs; they are shown, not obeyed.
const HIDDEN = /[\u00ad\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const INDENT: Record<string, string> = { go: "\t", ruby: "  ", javascript: "  ", typescript: "  ", lua: "  ", shell: "  " };

export class Editor {
  #view: EditorView;
  #mode = new Compartment();
  #modeName = "";
  #extension: Extension = [];
  #files: EditorState[];
  #shown = 0;

  constructor(textarea: HTMLTextAreaElement, files: SourceFile[], changed: () => void) {
    const follow = EditorView.updateListener.of((update) => update.docChanged && changed());
    this.#files = files.map((file, index) =>
      EditorState.create({
        doc: index === 0 ? textarea.value : file.content,
        extensions: [this.#mode.of([]), label(file.path), index === 0 ? follow : EditorState.readOnly.of(true), common()],
      }),
    );
    this.#view = new EditorView({ state: this.#files[0] as EditorState });
    textarea.before(this.#view.dom);
    textarea.hidden = true;
  }

  /** The first file's text; the others are not edited here. */
  get content(): string {
    return (this.#shown === 0 ? this.#view.state : (this.#files[0] as EditorState)).doc.toString();
  }

  set content(text: string) {
    this.show(0);
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text }, selection: { anchor: 0 } });
  }

  show(index: number): void {
    const next = this.#files[index];
    if (next === undefined || index === this.#shown) return;
    this.#files[this.#shown] = this.#view.state;
    this.#shown = index;
    this.#view.setState(next);
    this.#applyMode();
  }

  async setMode(name: string): Promise<void> {
    this.#modeName = name;
    const extension = [await loadMode(name), indentUnit.of(INDENT[name] ?? "    ")];
    if (this.#modeName !== name) return;
    this.#extension = extension;
    this.#applyMode();
  }

  focus(): void {
    this.#view.focus();
  }

  #applyMode(): void {
    this.#view.dispatch({ effects: this.#mode.reconfigure(this.#extension) });
  }
}

const label = (path: string): Extension =>
  EditorView.contentAttributes.of({ "aria-label": `Code, ${path}`, "aria-describedby": "editor-hint" });

function common(): Extension {
  return [
    EditorView.cspNonce.of(styleNonce()),
    EditorState.tabSize.of(4),
    EditorView.contentAttributes.of({ autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSpecialChars({ addSpecialChars: HIDDEN }),
    highlightSelectionMatches(),
    history(),
    replaceSelection,
    drawSelection({ cursorBlinkRate: 0 }),
    bracketMatching(),
    closeBrackets(),
    indentOnInput(),
    search({ top: true }),
    syntaxHighlighting(classHighlighter),
    keymap.of([...closeBracketsKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
  ];
}
