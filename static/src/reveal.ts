// A button beside a field for a secret: shows what is typed there, until it is pressed again or the form is sent.

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-reveal]")) {
  const field = document.getElementById(button.dataset["reveal"] ?? "");
  if (!(field instanceof HTMLInputElement)) continue;
  const show = (isShown: boolean): void => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  };
  button.addEventListener("click", () => show(field.type === "password"));
  // Browsers remember what was typed into a field that is open to read.
  field.form?.addEventListener("submit", () => show(false));
}
