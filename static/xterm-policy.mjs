// xterm.js 6.0 was not written for a strict content security policy: its <style> elements carry no nonce, and
// true colours are set as style attributes. Its documentOverride option reaches only some of those places, so
// the build changes them, counts them, and stops when an update has moved them.

import { readFile } from "node:fs/promises";

const CHANGES = [
  { from: /([\w.]+)\.createElement\("style"\)/g, to: 'Object.assign($1.createElement("style"),{nonce:__styleNonce()})', places: 3 },
  { from: /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}(\$\{\w+\};)`\)/g, to: "$1.style.cssText+=`$2`", places: 1 },
];
const NONCE = `const __styleNonce=()=>document.querySelector('meta[name="csp-nonce"]')?.content??"";`;

export const xtermPolicy = {
  name: "xterm-policy",
  setup(build) {
    build.onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { contents: NONCE + CHANGES.reduce(change, source), loader: "js" };
    });
  },
};

function change(source, { from, to, places }) {
  const found = source.match(from)?.length ?? 0;
  if (found !== places) throw new Error(`xterm.js: ${found} places match ${from}, not ${places}; read xterm-policy.mjs`);
  return source.replace(from, to);
}
