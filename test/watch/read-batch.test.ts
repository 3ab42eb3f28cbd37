import { appendFileSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readBatch } from "../../src/watch/read-batch.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "gantry-batch-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => path.join(folder, name);
const put = (name: string) => ({ source: at(name), target: `/app/${name}` });
const unreadable: string[] = [];
const options = { whiteouts: true, onUnreadable: (file: string) => unreadable.push(file) };

/** Name → size of what a batch's tar holds; `onFirst`: called when its first bytes have come. */
async function read(batch: Parameters<typeof readBatch>[0], onFirst: () => void = () => {}) {
  const tar = extract();
  const pieces = async function* () {
    let isFirst = true;
    for await (const piece of readBatch(batch, options)) {
      if (isFirst) onFirst();
      isFirst = false;
      yield piece;
    }
  };
  Readable.from(pieces())
    .on("error", (error) => tar.destroy(error))
    .pipe(tar);
  const found: Record<string, number> = {};
  for await (const entry of tar) {
    let size = 0;
    for await (const piece of entry) size += piece.length;
    found[entry.header.name] = size;
  }
  return found;
}

it("leaves out a file that has vanished, one that cannot be read, and what is neither file, link nor directory", async () => {
  writeFileSync(at("a"), "12");
  symlinkSync("a", at("link"));
  // Nobody may read this one, not even root.
  const secret = "/proc/sys/vm/compact_memory";
  const device = { source: "/dev/null", target: "/app/device" };
  const batch = { removals: ["/app/gone"], puts: [put("a"), put("link"), put("vanished"), device] };
  expect(await read({ ...batch, puts: [{ source: secret, target: "/app/secret" }, ...batch.puts] })).toEqual({
    "app/.wh.gone": 0,
    "app/a": 2,
    "app/link": 0,
  });
  expect(unreadable).toEqual([secret]);
});

it("cuts a file that grows while it is read where it ended, and fills one that shrinks: the tar is whole", async () => {
  const size = 8 * 1024 * 1024;
  for (const name of ["grows", "shrinks"]) writeFileSync(at(name), Buffer.alloc(size, 1));
  writeFileSync(at("z"), "last");
  const grown = await read({ removals: [], puts: [put("grows"), put("z")] }, () => appendFileSync(at("grows"), "more"));
  expect(grown).toEqual({ "app/grows": size, "app/z": 4 });
  const shrunk = await read({ removals: [], puts: [put("shrinks"), put("z")] }, () => truncateSync(at("shrinks"), 5));
  expect(shrunk).toEqual({ "app/shrinks": size, "app/z": 4 });
});
