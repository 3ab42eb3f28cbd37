"use strict";
/**
 * Runs the bundle with V8's code cache. Node's own compile cache holds what V8 compiles before the first line runs, and
 * that is only the outermost functions; this one is taken when the verb is done, so it holds all that the verb has used.
 * Each verb has a cache of its own: none pays for reading another's.
 */
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

/** @param {string | undefined} folder where the caches are; undefined: there are none */
module.exports = function loadBundle(file, folder, argv) {
  // All of it is ASCII (scripts/build.mjs), which is read fastest as one byte per character.
  const source = fs.readFileSync(file, "latin1");
  const [digest, verbs] = /^\/\/ (\w+) (.*)/.exec(source).slice(1);
  const verb = argv.find((word) => verbs.split(" ").includes(word)) ?? "help";
  const cache = folder && path.join(folder, `${path.dirname(file).replace(/\W+/g, "-").slice(-150)}-${verb}`);
  const cachedData = cache && readCache(cache, digest);
  const script = new vm.Script(Module.wrap(source), {
    filename: file,
    ...(cachedData && { cachedData }),
  });
  if (cache && (cachedData === undefined || script.cachedDataRejected)) {
    process.once("exit", () => writeCache(cache, digest, script.createCachedData()));
  }
  const bundle = new Module(file);
  const wrapped = script.runInThisContext();
  wrapped.call(bundle.exports, bundle.exports, Module.createRequire(file), bundle, file, path.dirname(file));
};

/** V8 sees only whether the length of the source is the same; the digest, in front of the data, sees the rest. */
function readCache(cache, digest) {
  try {
    const data = fs.readFileSync(cache);
    return data.latin1Slice(0, digest.length) === digest ? data.subarray(digest.length) : undefined;
  } catch {
    return undefined;
  }
}

/** Takes its place at once, for other processes may be reading. Where it cannot be written, starting takes longer. */
function writeCache(cache, digest, data) {
  const temporary = `${cache}.${process.pid}`;
  try {
    fs.mkdirSync(path.dirname(cache), { recursive: true, mode: 0o700 });
  } catch {
    return;
  }
  try {
    fs.writeFileSync(temporary, Buffer.concat([Buffer.from(digest, "latin1"), data]), { mode: 0o600 });
    fs.renameSync(temporary, cache);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}
