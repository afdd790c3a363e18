// Languages' modes for the editor, each a chunk of its own that is fetched when somebody chooses it.

import type { Extension } from "@codemirror/state";

const MODES: Record<string, () => Promise<Extension>> = {
  python: async () => (await import("./modes/python")).mode,
  ruby: async () => (await import("./modes/ruby")).mode,
  go: async () => (await import("./modes/go")).mode,
  cpp: async () => (await import("./modes/cpp")).mode,
  c: async () => (await import("./modes/cpp")).mode,
  perl: async () => (await import("./modes/perl")).mode,
  javascript: async () => (await import("./modes/javascript")).mode,
  typescript: async () => (await import("./modes/typescript")).mode,
  shell: async () => (await import("./modes/shell")).mode,
  bash: async () => (await import("./modes/shell")).mode,
  php: async () => (await import("./modes/php")).mode,
  lua: async () => (await import("./modes/lua")).mode,
  rust: async () => (await import("./modes/rust")).mode,
  java: async () => (await import("./modes/java")).mode,
};

/** The mode called so, or none: plain text is always legible. */
export async function loadMode(name: string): Promise<Extension> {
  const load = Object.hasOwn(MODES, name) ? MODES[name] : undefined;
  try {
    return load ? await load() : [];
  } catch {
    return [];
  }
}
