#!/usr/bin/env node
/** `npm run docs`: writes the pages of docs/ that are generated, each by a module of its own. The tests tell when one is old. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cliPage } from "./cli-page.mjs";
import { errorsPage } from "./errors-page.mjs";
import { jsonPage } from "./json-page.mjs";

const docs = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "docs");
const pages = { "cli.md": cliPage, "errors.md": errorsPage, "json.md": jsonPage };

mkdirSync(docs, { recursive: true });
for (const [name, page] of Object.entries(pages)) writeFileSync(path.join(docs, name), await page());
