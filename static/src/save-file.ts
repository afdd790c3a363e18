// Gives the visitor a file that the page has made.

export function saveFile(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has taken what it needs by then.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
