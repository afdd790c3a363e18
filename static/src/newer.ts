// Somebody else, or another tab, has saved: a page that nobody has typed in shows what was saved; what was typed stays, and
// its writer is told.

import { joinArguments } from "./arguments";
import type { Banner, Offer } from "./banner";
import type { Snapshot } from "./drafts";
import type { Keeper } from "./keeper";
import type { SourceFile } from "./protocol";
import type { Session } from "./session";
import { maySave } from "./state";
import type { Workspace } from "./workspace";

const SHOWN_MS = 10_000;
/** Many who watch one snippet do not all ask in one moment. */
const SPREAD_MS_EACH = 5;
const SPREAD_MS = 2000;

export interface Parts {
  session: Session;
  workspace: Workspace;
  keeper: Keeper;
  banner: Banner;
  save(): void;
  discard(): void;
}

/** What JSON tells of a revision. */
interface Told {
  revision: number;
  language: string;
  title: string;
  files: SourceFile[];
  args: string[];
  stdin: string | null;
}

export async function showNewer(parts: Parts, from: number, newest: number): Promise<void> {
  const { session, workspace, keeper, banner } = parts;
  const { key, viewers, isProtected } = session.state;
  // Where a password is needed it may be needed again, and the browser would ask for it in a window of its own.
  const told = keeper.isDirty || isProtected ? null : await load(key, viewers);
  const { state } = session;
  // It was overtaken, or an answer to what was sent meanwhile is about to come.
  if (state.key !== key || state.revision !== newest || state.pending !== null) return;
  if (told?.revision !== newest || keeper.isDirty) return tell(parts, from, newest);
  workspace.follow(snapshotOf(told));
  keeper.adopt();
  session.startFrom(newest);
  // That a save or run was refused for it has been answered.
  session.apply({ type: "notice-over", text: session.state.notice });
  const what = from > 0 ? `Revision ${newest} was saved elsewhere, and is shown now.` : "Somebody saved here just now. This is what they saved.";
  banner.showPassing(what, SHOWN_MS, from > 0 ? [changes(key, from, newest)] : []);
}

/** Says it, and leaves everything as it is. */
function tell({ session, keeper, banner, save, discard }: Parts, from: number, newest: number): void {
  const isOwner = maySave(session.state);
  const saveOnTop = (): void => {
    session.startFrom(newest);
    save();
  };
  const typed = keeper.isDirty ? " while you were editing" : "";
  const kept = isOwner ? " Yours is not saved; it is kept here." : " Yours is kept here: Save and Run make it a snippet of your own.";
  banner.show(`Revision ${newest} was saved elsewhere${typed}.${keeper.isDirty ? kept : ""}`, [
    changes(session.state.key, from, newest),
    ...(isOwner && keeper.isDirty ? [{ label: "Save mine on top", act: saveOnTop }] : []),
    { label: keeper.isDirty ? "Take theirs" : "Show it", act: discard },
  ]);
}

function changes(key: string, from: number, newest: number): Offer {
  return { label: "See what changed", href: from > 0 ? `/${key}/diff?from=${from}&to=${newest}` : `/${key}/${newest}` };
}

async function load(key: string, viewers: number): Promise<Told | null> {
  const pause = Math.random() * Math.min(viewers * SPREAD_MS_EACH, SPREAD_MS);
  await new Promise((resolve) => window.setTimeout(resolve, pause));
  try {
    const answer = await fetch(`/${key}`, { headers: { accept: "application/json" } });
    return answer.ok ? ((await answer.json()) as Told) : null;
  } catch {
    return null;
  }
}

function snapshotOf({ language, title, files, args, stdin }: Told): Snapshot {
  return { language, title, files, args: joinArguments(args), stdin: stdin ?? "" };
}
