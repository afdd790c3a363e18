// The list of all languages: one file for all pages, which a browser keeps.

import { reconnectDelayMs } from "./backoff";
import type { LanguageInfo } from "./language-switch";

/** Asks until it has come. */
export async function loadLanguages(address: string): Promise<LanguageInfo[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await fetch(address);
      if (answer.ok) return (await answer.json()) as LanguageInfo[];
    } catch {
      // Asked again below.
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectDelayMs(attempt, Math.random())));
  }
}
