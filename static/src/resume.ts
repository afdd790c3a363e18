// On coming back: what was typed and not saved stands there again, and the page says so.

import type { Banner } from "./banner";
import type { Draft, Drafts } from "./drafts";
import type { SnippetData } from "./page";
import type { Session } from "./session";
import type { Workspace } from "./workspace";

export interface Parts {
  data: SnippetData;
  drafts: Drafts;
  workspace: Workspace;
  session: Session;
  banner: Banner;
  discard(): void;
}

export function offerDraft(parts: Parts): void {
  const { data, drafts } = parts;
  // The answer to a form holds what the form held: newer than anything that was kept.
  if (location.pathname !== `/${data.key}`) return;
  const draft = drafts.find(data.key);
  if (draft?.isSent && data.saved && data.owner) drafts.drop(data.key);
  else if (draft) restore(parts, draft);
  else if (!data.saved && data.fork_of === null) offerOther(parts);
}

function restore({ data, drafts, workspace, session, banner, discard }: Parts, draft: Draft): void {
  if (JSON.stringify(draft.snapshot) === JSON.stringify(workspace.snapshot())) return drafts.drop(data.key);
  const base = Math.min(draft.base, data.revision);
  session.startFrom(base);
  workspace.restore(draft.snapshot);
  const newer = base < data.revision && base > 0 ? ` It starts from revision ${base}; revision ${data.revision} was saved since.` : "";
  const gone = draft.base > 0 && !data.saved ? " The snippet that it started from is gone: it has expired or was deleted." : "";
  banner.show(`Unsaved draft restored.${newer}${gone}`, [{ label: "Discard", act: discard }]);
}

/** A fresh page has a fresh address; a draft that was never saved is under one that nobody remembers. */
function offerOther({ drafts, banner }: Parts): void {
  const other = drafts.newestUnsaved();
  if (!other) return;
  const [file] = other.draft.snapshot.files;
  const name = other.draft.snapshot.title || file?.path || "Untitled";
  const when = new Date(other.draft.atMs).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  banner.show(`There is an unsaved draft from ${when}: ${name}.`, [
    { label: "Open it", act: () => location.assign(`/${other.key}`) },
    { label: "Discard it", act: () => drafts.drop(other.key) },
  ]);
}
