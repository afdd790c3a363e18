// The list of all languages: one file for all pages, which a browser keeps.

import { reconnectDelayMs } from "./backoff";
import type { LanguageInfo } from "./language-switch";

/** A question without an answer is asked again. */
const ANSWER_MS = 30_000;

/** Asks until it has come; the page works without it. */
export async function loadLanguages(address: string): Promise<LanguageInfo[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (answer.ok) return (await answer.json()) as LanguageInfo[];
    } catch {
      // Asked again below.
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectDelayMs(attempt, Math.random())));
  }
}
