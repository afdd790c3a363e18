// Wires the page: elements, editor, terminal and session. The only file that knows every part.

import { splitArguments } from "./arguments";
import { Editor } from "./editor";
import { switchLanguage, type LanguageInfo } from "./language-switch";
import { misfit, misfitInput } from "./misfit";
import { findElements, readData } from "./page";
import type { Program } from "./protocol";
import { Session } from "./session";
import { copyText, flash, offerText, shareSheet } from "./share";
import { isBusy, maySave } from "./state";
import { Terminal } from "./terminal";
import { pageTitle } from "./title";
import { View } from "./view";

const elements = findElements();
const data = readData();
const languages = new Map<string, LanguageInfo>(data.languages.map((language) => [language.id, language]));
const mac = /Mac|iPhone|iPad/.test(navigator.platform);

let language = languages.get(elements.language.value) ?? languages.get(data.language);
let storedContent: string | null = null;
let sentContent: string | null = null;

const editor = new Editor(elements.content, data.files, () => undefined);
const session = new Session(
  {
    key: data.key,
    revision: data.revision,
    owner: data.owner,
    saved: data.saved,
    forkOf: data.fork_of,
    lastMessage: elements.status.dataset["lastMessage"] ?? "",
    notice: elements.status.dataset["notice"] ?? "",
  },
  { shown: (state) => view.show(state), moved, stored: () => (storedContent = sentContent) },
);
const view = new View(elements, session.state);
const terminal = new Terminal(elements.terminal, elements.lastOutput, {
  input,
  resized: (size) => session.resize(size),
});

function program(): Program {
  const [first, ...others] = data.files;
  const path = elements.path.value || first?.path || language?.main || "main";
  sentContent = editor.content;
  return {
    language: elements.language.value,
    files: [{ path, content: sentContent }, ...others],
    args: splitArguments(elements.args.value),
    stdin: elements.stdin.value || null,
    // Somebody else's title is theirs; a copy keeps it until it is one's own.
    ...(maySave(session.state) ? { title: elements.title.value } : {}),
  };
}

function run(): void {
  const draft = program();
  if (fits(misfit(draft, data))) session.run(draft);
}

function save(): void {
  const draft = program();
  if (fits(misfit(draft, data))) session.save(draft);
}

function input(text: string): void {
  if (fits(misfitInput(text, data))) session.input(text);
}

function fits(fault: string): boolean {
  if (fault !== "") session.notify(fault);
  return fault === "";
}

function moved(key: string, forked: boolean): void {
  if (location.pathname === `/${key}`) return;
  if (forked) history.pushState(null, "", `/${key}`);
  else history.replaceState(null, "", `/${key}`);
}

function runOrStop(): void {
  if (isBusy(session.state)) return session.stop();
  run();
  // What is typed next is for the program, and Enter must not press Stop. A phone would raise its keyboard.
  if (matchMedia("(pointer: fine)").matches) terminal.focus();
}

function chooseLanguage(): void {
  const chosen = languages.get(elements.language.value);
  if (!chosen) return;
  const before = editor.content;
  const draft = switchLanguage({ path: elements.path.value, content: before }, language, chosen);
  language = chosen;
  if (draft.content !== before) editor.content = draft.content;
  elements.path.value = draft.path;
  const name = elements.files.querySelector(".name");
  if (name) name.textContent = draft.path;
  void editor.setMode(chosen.editor);
  showTitle();
}

function showTitle(): void {
  document.title = pageTitle(elements.title.value, language?.name ?? "");
}

// Enter in a field presses its form's first button, which may be Stop.
function titleKey(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  save();
}

function chooseFile(event: Event): void {
  const tab = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-file]") : null;
  if (!tab) return;
  for (const other of elements.files.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === tab));
  editor.show(Number(tab.dataset["file"]));
}

async function share(): Promise<void> {
  if (!session.state.saved) return session.notify("There is no link to share yet. Run or save first.");
  const url = `${location.origin}/${session.state.key}`;
  const newer = storedContent !== null && storedContent !== editor.content;
  if (await shareSheet(document.title, url)) return;
  if (await copyText(url)) flash(elements.share, "Copied");
  else offerText(elements.shareLink, url);
  if (newer) session.notify("The link shows what was saved last. Run or save to include your newest edits.");
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
  if (typing && !event.metaKey) return;
  if (event.key === "Enter") run();
  else if (event.key.toLowerCase() === "s") save();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

elements.form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter === elements.save) save();
  else runOrStop();
});
elements.fork.addEventListener("click", (event) => {
  if (session.state.saved) return;
  event.preventDefault();
  session.notify("There is nothing to fork yet. Run or save first.");
});
elements.language.addEventListener("change", chooseLanguage);
elements.title.addEventListener("input", showTitle);
elements.title.addEventListener("keydown", titleKey);
elements.files.addEventListener("click", chooseFile);
elements.share.addEventListener("click", () => void share());
elements.copy.addEventListener("click", () => void copyOutput());
elements.endInput.addEventListener("click", () => {
  session.endInput();
  terminal.focus();
});
elements.screenReader.addEventListener("click", toggleScreenReader);
document.addEventListener("keydown", shortcut, { capture: true });
window.addEventListener("popstate", () => location.reload());

if (data.saved) storedContent = editor.content;
if (language) void editor.setMode(language.editor);
session.start(terminal);
view.show(session.state);
