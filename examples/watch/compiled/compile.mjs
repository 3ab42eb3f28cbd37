/** `node compile.mjs FROM TO`: TypeScript to JavaScript, by Node's own compiler, which fails on what is not TypeScript. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";

const [from, to] = process.argv.slice(2);
mkdirSync(to, { recursive: true });
for (const name of readdirSync(from)) {
  const code = stripTypeScriptTypes(readFileSync(path.join(from, name), "utf8"), { mode: "transform" });
  writeFileSync(path.join(to, name.replace(/\.mts$/, ".mjs")), code);
}
