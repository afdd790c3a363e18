// The title: what the browser's tab says. Pure.

/** As the server writes it: the tab of an unnamed snippet says so. */
export function pageTitle(title: string, language: string): string {
  return [title.trim() || "Untitled", language, "CodeCube"].join(" · ");
}
