// Typing over a selection, without the browser's help: Chromium would carry the replaced text's look over as
// a style attribute, which the content security policy forbids (and says so in the console).

import { EditorView } from "@codemirror/view";

export const replaceSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection;
    const plain = event.inputType === "insertText" && event.cancelable && !event.isComposing && !view.composing;
    if (!plain || !event.data || main.empty || ranges.length > 1 || view.state.readOnly) return false;
    typeOver(view, event.data);
    event.preventDefault();
    return true;
  },
});

function typeOver(view: EditorView, text: string): void {
  const { from, to } = view.state.selection.main;
  const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
  const handlers = view.state.facet(EditorView.inputHandler);
  if (!handlers.some((handler) => handler(view, from, to, text, insert))) view.dispatch(insert());
}
