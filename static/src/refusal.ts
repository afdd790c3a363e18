// Why the server refuses the socket. A browser does not tell a script; the snippet's own page, asked for in the ordinary way,
// does.

/** A sentence; empty where nothing but the connection is the matter. */
export async function whyRefused(key: string, wasProtected: boolean): Promise<string> {
  try {
    const answer = await fetch(`/${key}`, { headers: { accept: "text/html" }, cache: "no-store" });
    if (answer.status !== 401 && answer.status !== 410) return "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.status === 410) return page.querySelector("h1 + p")?.textContent ?? "";
    if (page.querySelector(`form[action="/${key}/unlock"]`) === null) return `${page.querySelector("h1")?.textContent ?? ""}.`;
    return wasProtected ? "This snippet asks for its password again; it may be a new one." : "This snippet has a password now.";
  } catch {
    return "";
  }
}
