// Shows the state: buttons, status line, watchers. The only place that writes it into the page.

import type { Elements } from "./page";
import { isBusy, maySave, outputOf, takesInput, type State } from "./state";
import { status, ticking, viewersSentence } from "./status";

const TICK_MS = 100;

export class View {
  #elements: Elements;
  #state: State;
  #timer: number | undefined;

  constructor(elements: Elements, state: State) {
    this.#elements = elements;
    this.#state = state;
    elements.save.disabled = false;
  }

  show(state: State): void {
    this.#state = state;
    const { bar, status: line, viewers, run, runLabel, endInput, save, fork, title, titleText, revision, form } = this.#elements;
    const { sentence, tone } = status(state);
    setText(line, sentence);
    bar.dataset["tone"] = tone;
    setText(viewers, viewersSentence(state.viewers));
    const busy = isBusy(state);
    setText(runLabel, busy ? "Stop" : "Run");
    run.classList.toggle("is-stop", busy);
    save.disabled = state.pending !== null;
    endInput.disabled = !takesInput(state);
    const editable = maySave(state);
    title.disabled = title.hidden = !editable;
    titleText.hidden = editable;
    revision.value = String(state.base);
    fork.href = `/?fork=${encodeURIComponent(state.key)}`;
    form.action = `/${state.key}/run`;
    this.#showKept(state);
    this.#showOutputOf(outputOf(state));
    this.#tick();
  }

  #showKept(state: State): void {
    const { keep, kept, keptWord, keptOwn, keptLink } = this.#elements;
    // Where it can still be chosen how to keep it, that stands there.
    kept.hidden = !state.saved || keep !== null;
    setText(keptWord, state.isProtected ? "Password protected" : state.owner ? "Yours" : "My snippets");
    keptOwn.hidden = !state.owner;
    keptLink.href = `/${state.key}/revisions`;
  }

  #showOutputOf(revision: number): void {
    const { outputOf: line } = this.#elements;
    const link = line.querySelector("a");
    line.hidden = revision === 0;
    if (link === null || revision === 0) return;
    link.href = `/${this.#state.key}/${revision}`;
    setText(link, `revision ${revision}`);
  }

  // The counter has its own clock and stands outside the live region: it is seen, not read aloud.
  #tick(): void {
    window.clearTimeout(this.#timer);
    const text = ticking(this.#state, performance.now());
    setText(this.#elements.ticking, text);
    if (text !== "") this.#timer = window.setTimeout(() => this.#tick(), TICK_MS);
  }
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
