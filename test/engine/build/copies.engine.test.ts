import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packContext } from "../../../src/engine/build-context.ts";
import { run } from "../../../src/engine/containers/runtime/run.ts";
import { drain } from "../images/room.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

const context = mkdtempSync(path.join(tmpdir(), "gantry-copies-"));
let stand: BuildStand;
beforeAll(async () => {
  stand = await openBuildStand();
  write("Dockerfile", "FROM scratch\nCOPY app /app\n");
  for (let i = 0; i < 300; i++) write(`app/d${i % 7}/f${i}`, `file ${i}\n`);
});
afterAll(async () => {
  await stand.remove();
  rmSync(context, { recursive: true });
});

function write(name: string, text: string): void {
  const file = path.join(context, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function build(name: string): Promise<string> {
  const { stream } = await packContext({ context });
  await drain(await stand.builds.calls.imageBuild({ stream, networkmode: "none", t: [name] }));
  return stand.room.catalog.find(name).id;
}

/** How many files lie in the directory of an image's last layer. */
async function filesOnDisk(name: string): Promise<number> {
  const directories = await stand.room.store.layers(stand.room.store.find(name));
  const { stdout } = await run("sh", ["-c", 'find "$@" -type f | wc -l', "sh", directories.at(-1) ?? ""]);
  return Number(stdout);
}

async function tarDigest(name: string): Promise<string> {
  const { config } = stand.room.catalog.find(name);
  const hash = createHash("sha256");
  for await (const chunk of stand.room.layers.tar(config.diffIds.at(-1) ?? "")) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

describe("a copy of many files, of which few have changed", () => {
  it("is a layer of its own that holds those alone, and shows all", async () => {
    await build("first");
    write("app/d3/f3", "changed\n");
    write("app/new/file", "n\n");
    const id = await build("second");
    expect(await filesOnDisk("first")).toBe(300);
    expect(await filesOnDisk("second")).toBe(2);
    const before = await stand.tree("first");
    const after = await stand.tree("second");
    expect(after.filter((line) => !before.includes(line)).map((line) => line.replace(/=.*/, "="))).toEqual([
      "app/d3/f3 =",
      "app/new/ d 755 0:0",
      "app/new/file =",
      "app/new/file f 644 0:0",
    ]);
    expect(before.filter((line) => !after.includes(line))).toHaveLength(1);
    // The same tar as if all of it lay there: images go to others byte for byte.
    expect(await tarDigest("second")).toBe(stand.room.catalog.find("second").diffIds.at(-1));
    expect(await build("again")).toBe(id);
  });

  it("is made whole where something is gone, or too much has changed", async () => {
    rmSync(path.join(context, "app/d0/f0"));
    await build("fewer");
    expect(await filesOnDisk("fewer")).toBe(300);
    expect(await stand.tree("fewer")).not.toContain("app/d0/f0 f 644 0:0");
    for (let i = 1; i < 300; i++) write(`app/d${i % 7}/f${i}`, `other ${i}\n`);
    await build("other");
    expect(await filesOnDisk("other")).toBe(300);
  });

  it("keeps what it stands on as long as it needs it, and no longer", async () => {
    write("app/d1/f1", "one\n");
    await build("one");
    expect(await filesOnDisk("one")).toBe(1);
    const names = ["first", "second", "again", "fewer", "other"];
    for (const name of names) await stand.room.calls.imageRemove({ name });
    await stand.builds.calls.buildPrune({ all: true });
    expect(await stand.tree("one")).toContain("app/d2/f2 f 644 0:0");
    expect(await tarDigest("one")).toBe(stand.room.catalog.find("one").diffIds.at(-1));
    await stand.room.calls.imageRemove({ name: "one" });
    expect(readdirSync(path.join(stand.ground.dataRoot, "layers"))).toEqual([]);
  });
});
