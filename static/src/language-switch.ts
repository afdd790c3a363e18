// What a change of language does to the editor. Pure.

export interface LanguageInfo {
  id: string;
  name: string;
  main: string;
  editor: string;
  /** Missing on the page of a saved snippet, until the list of all languages has come. */
  hello?: string;
}

export interface Draft {
  path: string;
  content: string;
}

/** An editor nobody has typed in gets the new language's hello; anybody's own text stays. */
export function switchLanguage(draft: Draft, from: LanguageInfo | undefined, to: LanguageInfo): Draft {
  const untouched = draft.content.trim() === "" || sameText(draft.content, from?.hello);
  const ownName = draft.path !== "" && draft.path !== from?.main && !untouched;
  return { path: ownName ? draft.path : to.main, content: untouched ? (to.hello ?? draft.content) : draft.content };
}

/** Browsers and people differ about line ends and the last one. */
export function sameText(left: string, right: string | undefined): boolean {
  return right !== undefined && plain(left) === plain(right);
}

const plain = (text: string): string => text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
