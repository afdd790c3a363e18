// How the editor looks and behaves, whichever file it shows; the language's mode comes when it is loaded.

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
import { replaceSelection } from "./replace-selection";
import { styleNonce } from "./style-nonce";

// Direction controls can make code read differently from how it runs; they are shown, not obeyed.
const HIDDEN = /[\u00ad\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const INDENT: Record<string, string> = { go: "\t", ruby: "  ", javascript: "  ", typescript: "  ", lua: "  ", shell: "  " };

export class Look {
  #mode = new Compartment();
  #label = new Compartment();
  #follow: Extension;
  #wanted = 0;

  constructor(changed: () => void) {
    this.#follow = EditorView.updateListener.of((update) => update.docChanged && changed());
  }

  extensions(path: string): Extension {
    return [this.#mode.of([]), this.#label.of(label(path)), this.#follow, common()];
  }

  /** Gives the shown file its name and its language's mode. */
  async dress(view: EditorView, path: string, mode: string): Promise<void> {
    this.#wanted += 1;
    const wanted = this.#wanted;
    view.dispatch({ effects: this.#label.reconfigure(label(path)) });
    const extension = [await loadMode(mode), indentUnit.of(INDENT[mode] ?? "    ")];
    if (this.#wanted === wanted) view.dispatch({ effects: this.#mode.reconfigure(extension) });
  }
}

const label = (path: string): Extension =>
  EditorView.contentAttributes.of({ "aria-label": `Code, ${path}`, "aria-describedby": "editor-hint" });

function common(): Extension {
  return [
    EditorView.cspNonce.of(styleNonce()),
    EditorState.tabSize.of(4),
    EditorView.contentAttributes.of({ tabindex: "0", autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
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
