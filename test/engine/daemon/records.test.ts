import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRecords } from "../../../src/engine/daemon/records.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "gantry-records-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface Thing {
  readonly size: number;
}

async function openThings() {
  const told: string[] = [];
  const records = await openRecords<Thing>({
    folder,
    decode: (value) => {
      if (typeof value === "object" && value !== null && "size" in value && typeof value.size === "number") {
        return { size: value.size };
      }
      throw new Error("it is no thing");
    },
    log: (level, message) => told.push(`${level} ${message}`),
  });
  return { records, told };
}

describe("records", () => {
  it("are there again when the daemon starts again, and those that were removed are not", async () => {
    const { records } = await openThings();
    await Promise.all([1, 2, 3].map((size) => records.put(`id${size}`, { size }, { sync: true })));
    await records.remove("id2");
    const again = (await openThings()).records;
    expect([...again.all]).toEqual([
      ["id1", { size: 1 }],
      ["id3", { size: 3 }],
    ]);
  });

  it("of one thing are written in order: the last one counts", async () => {
    const { records } = await openThings();
    const writes = Array.from({ length: 50 }, (_, size) => records.put("id", { size }, { sync: false }));
    expect(records.get("id")).toEqual({ size: 49 });
    await Promise.all(writes);
    await records.put("gone", { size: 1 }, { sync: false });
    const removed = records.remove("gone");
    const added = records.put("gone", { size: 2 }, { sync: false });
    await Promise.all([removed, added]);
    const again = (await openThings()).records;
    expect(Object.fromEntries(again.all)).toEqual({ id: { size: 49 }, gone: { size: 2 } });
  });

  it.each([
    ["cut off", (text: string) => text.slice(0, 5)],
    ["changed", (text: string) => text.replace("1", "7")],
    ["empty", () => ""],
    ["without checksum", (text: string) => text.split("\n")[0] ?? ""],
  ])("that are damaged (%s) are set aside with their reason; the others are there", async (_, damage) => {
    const { records } = await openThings();
    await records.put("good", { size: 2 }, { sync: true });
    await records.put("bad", { size: 1 }, { sync: true });
    const file = path.join(folder, "bad.json");
    await writeFile(file, damage(await readFile(file, "utf8")));
    const again = await openThings();
    expect([...again.records.all.keys()]).toEqual(["good"]);
    expect(again.told.join()).toContain(`error a damaged record is set aside: ${file}`);
    expect(await readdir(path.join(folder, "damaged"))).toHaveLength(1);
  });

  it("that were being written when the daemon died leave nothing behind", async () => {
    await openThings();
    await writeFile(path.join(folder, ".tmp-0123"), "half a rec");
    await openThings();
    expect(await readdir(folder)).toEqual([".reserve"]);
  });
});
