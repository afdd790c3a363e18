// The panel beside Share: links in other forms. The server writes them for the page as it was loaded; a page that
// was saved since has another key, so they are written again whenever the panel opens.

import { copyText, flash } from "./share";

const panel = document.querySelector<HTMLDetailsElement>("#share-panel");

if (panel) start(panel);

function start(panel: HTMLDetailsElement): void {
  panel.addEventListener("toggle", () => panel.open && refresh(panel));
  panel.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("[data-copy]") : null;
    if (button) void copyField(button);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    panel.open = false;
    panel.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !panel.contains(event.target)) panel.open = false;
  });
  new MutationObserver(() => (panel.hidden = !isSaved())).observe(document.documentElement, {
    subtree: true,
    attributeFilter: ["value", "href"],
  });
}

/** The form names the revision that an edit starts from; a page without one is not saved. */
function isSaved(): boolean {
  return Number(document.querySelector<HTMLInputElement>("#revision")?.value ?? 0) > 0;
}

function refresh(panel: HTMLElement): void {
  const path = location.pathname;
  const address = location.origin + path;
  const title = document.title.split(" · ")[0] ?? "Untitled";
  const name = title.replace(/[\\[\]<>`*_!]/g, "\\$&"); // as the server does
  set("share-markdown", `[${name}](${address})`);
  set("share-picture", `[![${name}](${address}.png)](${address})`);
  set("share-embed", frame(address, title));
  for (const link of panel.querySelectorAll<HTMLAnchorElement>("[data-path]")) link.href = path + (link.dataset["path"] ?? "");
}

function frame(address: string, title: string): string {
  const element = document.createElement("iframe");
  element.setAttribute("src", `${address}/embed`);
  element.setAttribute("width", "720");
  element.setAttribute("height", "400");
  element.setAttribute("title", title);
  element.setAttribute("loading", "lazy");
  // As text: the page's own rules allow no style there.
  return element.outerHTML.replace("></iframe>", ' style="border:0;max-width:100%"></iframe>');
}

function set(id: string, value: string): void {
  const field = document.getElementById(id);
  if (field instanceof HTMLInputElement) field.value = value;
}

async function copyField(button: HTMLButtonElement): Promise<void> {
  const field = document.getElementById(button.dataset["copy"] ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  const copied = await copyText(field.value);
  if (!copied) field.select();
  flash(button, copied ? "Copied" : "Press Ctrl+C");
}
