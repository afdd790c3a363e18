// Wires the page: elements, workspace, terminal, drafts and session. The only file that knows every part.

import "./reveal";
import "./share-panel";
import { Banner } from "./banner";
import { browserStorage, Drafts } from "./drafts";
import { sizeOf } from "./files";
import { Keeper } from "./keeper";
import { loadLanguages } from "./languages";
import { wireMenu } from "./menu";
import { misfit, misfitInput, misfitUpload } from "./misfit";
import { fillIn, isChosen } from "./native-save";
import { findElements, readData, savedSnapshot } from "./page";
import type { Program } from "./protocol";
import { showNewer } from "./newer";
import { offerDraft } from "./resume";
import { Session } from "./session";
import { copyText, flash, offerText, shareSheet } from "./share";
import { isBusy, maySave, type Move, type State } from "./state";
import { Terminal } from "./terminal";
import { pageTitle } from "./title";
import { wireUploads } from "./uploads";
import { View } from "./view";
import { Workspace } from "./workspace";

const OWN_COPY_MS = 20_000;

const elements = findElements();
const data = readData();
const mac = /Mac|iPhone|iPad/.test(navigator.platform);
/** Why the server lets this page connect no more, as the banner says it. */
let refusal = "";
/** The page says that nothing is here. */
const missing = elements.banner.hasChildNodes();
const banner = new Banner(elements.banner);
const workspace = new Workspace(elements, data, banner, { changed, say: (sentence) => session.notify(sentence) });
const drafts = new Drafts(browserStorage());
const keeper = new Keeper(drafts, data.key, savedSnapshot(elements, data), {
  take: () => workspace.snapshot(),
  base: () => session.state.base,
  isWorthless: (snapshot) => !session.state.saved && data.fork_of === null && workspace.isUntouched(snapshot),
  dirty: showDirty,
});
const session = new Session(
  {
    key: data.key,
    revision: data.revision,
    base: data.revision,
    owner: data.owner,
    saved: data.saved,
    forkOf: data.fork_of,
    isProtected: data.protected,
    printed: data.last_run && { ...data.last_run, key: data.key },
    lastMessage: elements.status.dataset["lastMessage"] ?? "",
    notice: elements.status.dataset["notice"] ?? "",
  },
  { shown, moved, stale: newer, newer, sent: () => keeper.sent(), stored },
);
const view = new View(elements, session.state);
const terminal = new Terminal(elements.terminal, elements.lastOutput, {
  input,
  resized: (size) => session.resize(size),
  scrolled: (isCut) => (elements.scrolled.hidden = !isCut),
});

function changed(): void {
  keeper.changed();
  showTitle();
}

function showDirty(isDirty: boolean): void {
  elements.dirty.hidden = !isDirty;
}

/** What to send; null, and said, when it cannot be. */
function program(): Program | null {
  const draft = workspace.program();
  if (draft === null) {
    session.notify("The arguments have a quote that is never closed.");
    return null;
  }
  // Somebody else's title is theirs; a copy keeps it until it is one's own.
  if (maySave(session.state)) draft.title = elements.title.value;
  return fits(misfit(draft, data)) ? draft : null;
}

/** Whether a run or a save has to go by the page's form; false where the panel of choices is not there any more. */
function goesByForm(): boolean {
  return elements.keep !== null && isChosen(elements.form);
}

/** Whether it was sent, or could have been. */
function run(): boolean {
  if (goesByForm()) {
    session.notify("Press “Save like this” first: a run would keep this without what you chose.");
    return false;
  }
  const draft = program();
  if (draft) session.run(draft);
  return draft !== null;
}

function save(): void {
  // Later, because a form that is being submitted ignores another submit.
  if (goesByForm()) return void window.setTimeout(() => elements.form.requestSubmit(elements.keep));
  const draft = program();
  if (draft) session.save(draft);
}

function input(text: string): void {
  if (fits(misfitInput(text, data))) session.input(text);
}

function fits(fault: string): boolean {
  if (fault !== "") session.notify(fault);
  return fault === "";
}

function moved(key: string, move: Move): void {
  if (missing && session.state.saved) banner.answered();
  if (location.pathname === `/${key}`) {
    // What a fresh page was to start with is no part of the saved one's address.
    if (location.search !== "") history.replaceState(null, "", `/${key}`);
    return;
  }
  const origin = `/${location.pathname.split("/")[1] ?? ""}`;
  if (move === "fork") history.pushState(null, "", `/${key}`);
  else history.replaceState(null, "", `/${key}`);
  if (move === "elsewhere") banner.showPassing("Saved at an address of its own: the one before is another snippet's, or was.", OWN_COPY_MS);
  if (move === "fork") banner.showPassing("This is your own copy now, at an address of its own.", OWN_COPY_MS, [{ label: "The original", href: origin }]);
}

function stored(key: string): void {
  keeper.stored(key);
  // How a snippet is kept is chosen when it is saved first.
  const choices = elements.keep?.closest("details");
  const hadFocus = choices?.contains(document.activeElement) ?? false;
  choices?.remove();
  elements.keep = null;
  view.show(session.state);
  if (hadFocus) elements.keptWord.focus();
  elements.revisions.href = `/${key}/revisions`;
  elements.revisions.hidden = false;
  banner.answered();
}

/** The server has a newer revision than the one this text started from. */
function newer(from: number, newest: number): void {
  void showNewer({ session, workspace, keeper, banner, save, discard }, from, newest);
}

function shown(state: State): void {
  view.show(state);
  if (state.refusal === refusal) return;
  refusal = state.refusal;
  if (refusal === "") return banner.answered();
  const kept = keeper.isDirty ? " What you typed is kept in this browser." : "";
  banner.show(refusal + kept, [{ label: "Open the page again", act: () => location.assign(`/${session.state.key}`) }]);
}

/** Shows what the server has. */
function discard(): void {
  keeper.discard();
  location.reload();
}

function runOrStop(): void {
  if (isBusy(session.state)) return session.stop();
  // What is typed next is for the program, and Enter must not press Stop. A phone would raise its keyboard.
  if (!run()) return;
  if (matchMedia("(pointer: fine)").matches) terminal.focus();
  else elements.outputPane.focus({ preventScroll: true });
}

function showTitle(): void {
  document.title = pageTitle(elements.title.value, elements.language.selectedOptions[0]?.text ?? "");
}

// Enter in a field presses its form's first button, which may be Stop.
function titleKey(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  save();
}

async function share(): Promise<void> {
  if (!session.state.saved) return session.notify("There is no link to share yet. Run or save first.");
  const url = `${location.origin}/${session.state.key}`;
  if (await shareSheet(document.title, url)) return;
  if (await copyText(url)) flash(elements.share, "Copied");
  else offerText(elements.shareLink, url);
  if (keeper.isDirty) session.notify("The link shows what was saved last. Run or save to include your newest edits.");
}

function refuseUpload(count: number, bytes: number): string {
  const present = workspace.snapshot().files.reduce((total, file) => total + sizeOf(file), 0);
  return misfitUpload(count + workspace.count - 1, bytes + (workspace.count > 1 ? present : 0), data);
}

async function copyOutput(): Promise<void> {
  const text = terminal.text();
  if (text.trim() === "") return session.notify("There is no output to copy yet.");
  if (await copyText(text)) flash(elements.copy, "Copied");
  else session.notify("This browser does not let the page copy. Select the output and copy it yourself.");
}

function toggleScreenReader(): void {
  const on = elements.screenReader.getAttribute("aria-pressed") !== "true";
  elements.screenReader.setAttribute("aria-pressed", String(on));
  terminal.setScreenReader(on);
}

// Before the editor and the terminal see the key; inside a running program every key but ours is the program's.
function shortcut(event: KeyboardEvent): void {
  const command = mac ? event.metaKey || event.ctrlKey : event.ctrlKey;
  if (!command || event.altKey || event.shiftKey || event.repeat) return;
  const typing = event.target instanceof Node && elements.terminal.contains(event.target) && isBusy(session.state);
  const saves = event.key.toLowerCase() === "s"; // sent to a terminal it would stop all output, without a word
  if (typing && !event.metaKey && !saves) return;
  if (event.key === "Enter") run();
  else if (saves) save();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

elements.form.addEventListener("submit", (event) => {
  const keeps = elements.keep !== null && event.submitter === elements.keep;
  if (keeps && program() !== null) return keeper.leave();
  event.preventDefault();
  if (keeps) return;
  if (event.submitter === elements.save) save();
  else runOrStop();
});
elements.form.addEventListener("formdata", (event) => {
  const draft = program();
  if (draft) fillIn(event.formData, draft);
});
elements.fork.addEventListener("click", (event) => {
  if (session.state.saved) return;
  event.preventDefault();
  session.notify("There is nothing to fork yet. Run or save first.");
});
elements.language.addEventListener("change", () => workspace.chooseLanguage());
for (const field of [elements.title, elements.args, elements.stdin]) field.addEventListener("input", changed);
elements.args.addEventListener("input", () => (elements.argsFault.hidden = true));
elements.title.addEventListener("keydown", titleKey);
elements.addFile.addEventListener("click", () => workspace.act("add"));
elements.wholeOutput.addEventListener("click", () => terminal.download());
wireMenu(elements.fileMenu, (what) => workspace.act(what));
wireUploads(elements.editorPane, elements.upload, {
  refuse: refuseUpload,
  take: (files) => workspace.take(files),
  paths: () => workspace.snapshot().files.map((file) => file.path),
  fault: (sentence) => session.notify(sentence),
});
elements.share.addEventListener("click", () => void share());
elements.copy.addEventListener("click", () => void copyOutput());
elements.endInput.addEventListener("click", () => {
  session.endInput();
  terminal.focus();
});
elements.screenReader.addEventListener("click", toggleScreenReader);
document.addEventListener("keydown", shortcut, { capture: true });
window.addEventListener("popstate", () => location.reload());

offerDraft({ data, drafts, workspace, session, banner, discard });
// What was typed before the script had come, or came back with a form, is a draft as well.
keeper.changed();
session.start(terminal);
void loadLanguages(data.languages).then((languages) => workspace.learn(languages));
view.show(session.state);
