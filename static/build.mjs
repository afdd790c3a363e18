// Builds dist/: hashed files, manifest.json (logical name → file name), a .br and a .gz beside each text file.
// With --tests: bundles src/tests/ and runs them with node's test runner.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { xtermPolicy } from "./xterm-policy.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "dist");
const ENTRIES = ["src/main.ts", "src/embed.ts", "src/kept.ts", "src/reveal.ts", "src/styles/main.css", "src/styles/embed.css", "src/styles/embed-dark.css"];
const tests = join(here, "node_modules/.cache/codecube-tests");

if (process.argv.includes("--tests")) await runTests();
else await buildPage();

async function buildPage() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const manifest = { ...(await bundle()), ...(await copyImages()) };
  await writeFile(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await compressAll();
}

async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: ENTRIES,
    outdir: dist,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    minify: true,
    charset: "utf8",
    legalComments: "external",
    metafile: true,
    plugins: [xtermPolicy],
    logLevel: "warning",
  });
  const built = Object.entries(result.metafile.outputs).filter(([, output]) => output.entryPoint?.startsWith("src/"));
  const entries = built.filter(([, output]) => ENTRIES.includes(output.entryPoint));
  const logical = (entry) => basename(entry).replace(/\.ts$/, ".js");
  return Object.fromEntries(entries.map(([path, output]) => [logical(output.entryPoint), basename(path)]));
}

async function copyImages() {
  const names = {};
  for (const name of await readdir(join(here, "src/images"))) {
    const bytes = await readFile(join(here, "src/images", name));
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
    names[name] = name.replace(/(\.\w+)$/, `-${hash}$1`);
    await writeFile(join(dist, names[name]), bytes);
  }
  return names;
}

async function compressAll() {
  for (const name of await readdir(dist)) {
    if (!/\.(js|css|svg)$/.test(name)) continue;
    const bytes = await readFile(join(dist, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    await writeFile(join(dist, `${name}.br`), brotliCompressSync(bytes, { params }));
    await writeFile(join(dist, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

async function runTests() {
  await rm(tests, { recursive: true, force: true });
  const names = (await readdir(join(here, "src/tests"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    absWorkingDir: here,
    entryPoints: names.map((name) => `src/tests/${name}`),
    outdir: tests,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const files = names.map((name) => join(tests, name.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
