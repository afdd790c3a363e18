// The menu of the files: a disclosure that closes by itself. Its buttons say what they do in `data-act`.

export function wireMenu(menu: HTMLDetailsElement, act: (what: string) => void): void {
  const close = (focus: boolean): void => {
    if (!menu.open) return;
    menu.open = false;
    if (focus) menu.querySelector("summary")?.focus();
  };
  menu.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-act]") : null;
    if (!button) return;
    close(true);
    act(button.dataset["act"] ?? "");
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    close(true);
  });
  document.addEventListener("pointerdown", (event) => event.target instanceof Node && menu.contains(event.target) || close(false));
  menu.addEventListener("focusout", (event) => event.relatedTarget instanceof Node && menu.contains(event.relatedTarget) || event.relatedTarget === null || close(false));
}
