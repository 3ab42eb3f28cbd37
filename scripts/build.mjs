/**
 * Makes dist/gantry.cjs: everything that gantry runs, in one file; beside it dist/daemon.cjs, the embedded engine,
 * dist/unpack.cjs and dist/send.cjs, its threads that unpack layers and read build contexts, dist/network.cjs, the process that
 * answers its containers' names; and the libraries with their types, dist/library.js (the loader) and dist/watch.js.
 * Every verb stands behind a dynamic import, which esbuild turns into an initialiser that runs at first use, so starting
 * costs only what the verb needs.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const generated = spawnSync(process.execPath, [join(root, "scripts/generate.mjs")], { stdio: "inherit" });
if (generated.status !== 0) process.exit(generated.status ?? 1);

const { build } = await import("esbuild");
const daemon = /[\\/]engine[\\/]daemon[\\/]main\.ts$/;
await Promise.all([
  bundle("src/commands/main.ts", "dist/gantry.cjs", [
    requireLazily(/[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/),
    loadLazily(["child_process", "crypto", "fs/promises", "net", "zlib"]),
    besides(daemon, "./daemon.cjs"),
  ]),
  bundle("src/engine/daemon/main.ts", "dist/daemon.cjs", []),
  bundle("src/engine/images/unpack-worker.ts", "dist/unpack.cjs", []),
  bundle("src/engine/build/session/send-worker.ts", "dist/send.cjs", []),
  bundle("src/network/main.ts", "dist/network.cjs", []),
  libraries({ library: "src/compose/library.ts", watch: "src/commands/watch-library.ts" }),
]);

/** One entry and all that it needs as one file, put in place whole. */
async function bundle(entry, file, plugins) {
  const out = join(root, file);
  const temporary = `${out}.${process.pid}`;
  try {
    const { metafile } = await build({
      entryPoints: [join(root, entry)],
      outfile: temporary,
      metafile: true,
      bundle: true,
      charset: "ascii",
      platform: "node",
      format: "cjs",
      target: "node24",
      // What stays outside is required: a script with a code cache has no loader for import().
      supported: { "dynamic-import": false },
      define: { "import.meta.dirname": "__dirname" },
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: "none",
      logLevel: "warning",
      plugins,
    });
    const code = readFileSync(temporary);
    writeFileSync(temporary, Buffer.concat([Buffer.from(head(code, metafile)), code]));
    renameSync(temporary, out);
  } catch (error) {
    // esbuild has said what is wrong.
    if (!("errors" in error)) throw error;
    process.exitCode = 1;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Libraries, name → entry, as ES modules that import their packages and share what both need; and their declarations, as
 * TypeScript 5 and later reads them.
 */
async function libraries(entries) {
  const dist = join(root, "dist");
  const { outputFiles } = await build({
    entryPoints: Object.entries(entries).map(([out, file]) => ({ out, in: join(root, file) })),
    outdir: dist,
    write: false,
    bundle: true,
    splitting: true,
    chunkNames: "shared/[name]-[hash]",
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node24",
    legalComments: "none",
    logLevel: "warning",
  });
  mkdirSync(join(dist, "shared"), { recursive: true });
  const old = new Set(readdirSync(join(dist, "shared")).map((name) => join(dist, "shared", name)));
  // What is imported before what imports it.
  for (const { path, contents } of outputFiles.toReversed()) {
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
    old.delete(path);
  }
  for (const path of old) rmSync(path, { force: true });
  const flags = [
    "--declaration",
    "--emitDeclarationOnly",
    "--noEmit",
    "false",
    "--rootDir",
    ".",
    "--outDir",
    "dist/types",
  ];
  const language = ["--target", "esnext", "--module", "nodenext", "--strict", "--exactOptionalPropertyTypes"];
  const imports = ["--rewriteRelativeImportExtensions", "--types", "node", "--skipLibCheck", "--ignoreConfig"];
  const tsc = join(root, "node_modules/.bin/tsc");
  const files = Object.values(entries);
  const done = spawnSync(tsc, [...flags, ...language, ...imports, ...files], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) process.exitCode = 1;
}

/**
 * Node's own modules that are loaded at the first use of what they export, not by who imports them: those that take 1 to
 * 5 ms each, and that many a verb imports somewhere and does not use.
 */
function loadLazily(names) {
  const namespace = "lazy-builtin";
  return {
    name: "load-lazily",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^(?:node:)?(?:${names.join("|")})$`) }, ({ path, namespace: from }) =>
        from === namespace ? { path, external: true } : { path: path.replace("node:", ""), namespace },
      );
      onLoad({ filter: /./, namespace }, ({ path }) => {
        const exported = Object.keys(process.getBuiltinModule(path));
        const getters = exported.map((key) => `get ${key}() { return require("node:${path}").${key}; }`);
        return { contents: `module.exports = { ${getters.join(", ")} };`, loader: "js" };
      });
    },
  };
}

/** Leaves a module out of the bundle: it is a bundle of its own beside it. */
function besides(filter, file) {
  return {
    name: "besides",
    setup({ onResolve }) {
      onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, kind }) =>
        kind === "dynamic-import" && filter.test(join(resolveDir, path)) ? { path: file, external: true } : undefined,
      );
    },
  };
}

/** The first line of the bundle, for bin/load-bundle.js: a digest of the rest, and the verbs, if there are any. */
function head(code, { inputs }) {
  const verbs = (inputs["src/commands/verbs.ts"]?.imports ?? [])
    .filter(({ kind }) => kind === "dynamic-import")
    .map((file) => basename(file.path, ".ts"));
  return `// ${createHash("sha256").update(code).digest("hex")} ${verbs.join(" ")}\n`;
}

/**
 * Turns `const x_1 = require("y")` of compiled CommonJS into a function that requires at first use. A compiler names
 * such imports `x_1` and uses them only as `x_1.member`, so the text is enough. oclif's Command alone would otherwise
 * evaluate its plug-in loader, help, templates and spinners: 35 ms at each start.
 */
function requireLazily(filter) {
  const declaration =
    /^(?:const|var) (\w+_\d+|Errors|Parser) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm;
  return {
    name: "require-lazily",
    setup({ onLoad }) {
      onLoad({ filter }, ({ path }) => {
        let contents = readFileSync(path, "utf8");
        const names = [];
        contents = contents.replace(declaration, (_, name, required) => {
          names.push(name);
          return `let ${name}__; const ${name} = () => (${name}__ ??= ${required});`;
        });
        for (const name of names) {
          contents = contents.replace(new RegExp(`\\bnew ${name}\\.([\\w.]+)`, "g"), `new (${name}().$1)`);
          contents = contents.replace(new RegExp(`\\b${name}\\.`, "g"), `${name}().`);
        }
        return { contents, loader: "js" };
      });
    },
  };
}
