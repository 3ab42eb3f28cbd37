import { readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packFiles } from "../../../src/engine/build-context.ts";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

let stand: BuildStand;
beforeAll(async () => {
  stand = await openBuildStand();
});
afterAll(() => stand.remove());

const base = 'FROM scratch AS base\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';

function processes(words: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(words);
    } catch {
      return false;
    }
  }).length;
}

async function expectNothingLeft(): Promise<void> {
  const { dataRoot } = stand.ground;
  expect(await readdir(path.join(dataRoot, "builds/running"))).toEqual([]);
  expect((await readdir(path.join(dataRoot, "exec/containers"))).filter((name) => name.length === 64)).toEqual([]);
  const below = (await readMountTable())
    .map(({ target }) => target)
    .filter((target) => target.startsWith(`${dataRoot}/builds/`));
  expect(below).toEqual([]);
}

it("a build that is cancelled by its ID says so, and leaves nothing", async () => {
  const files = { busybox: readFileSync("/bin/busybox"), Dockerfile: `${base}RUN echo begun && exec sleep 7654322\n` };
  const packed = Object.entries(files).map(([name, content]) => ({ path: name, content, uid: 0, gid: 0, mode: 0o755 }));
  const { imageBuild, buildCancel } = stand.builds.calls;
  const lines = await imageBuild({ stream: packFiles(packed), networkmode: "none", t: ["cancelled"], buildid: "b1" });
  const said: string[] = [];
  for await (const { stream = "", error } of lines) {
    said.push(error ?? stream);
    if (stream.startsWith("begun")) await buildCancel({ id: "b1" });
  }
  expect(said.at(-1)).toBe("the build was cancelled");
  expect(processes("7654322")).toBe(0);
  await expectNothingLeft();
  await buildCancel({ id: "b1" });
  await expect(buildCancel({ id: "" })).rejects.toMatchObject({ status: 400 });
});

describe("a build that nobody waits for any more", () => {
  it("ends its step at once, and the next one goes on from what is done", async () => {
    const busybox = readFileSync("/bin/busybox");
    const dockerfile = `${base}RUN echo started && exec sleep 7654321\n`;
    const files = [
      { path: "Dockerfile", content: dockerfile, uid: 0, gid: 0, mode: 0o644 },
      { path: "busybox", content: busybox, uid: 0, gid: 0, mode: 0o755 },
    ];
    const lines = await stand.builds.calls.imageBuild({ stream: packFiles(files), networkmode: "none", t: ["never"] });
    for await (const { stream } of lines) if (stream?.includes("started") === true && !stream.startsWith("Step")) break;
    expect(processes("7654321")).toBe(0);
    await expectNothingLeft();
    await expect(stand.room.calls.imageInspect({ name: "never" })).rejects.toThrow("No such image");
    const { text } = await stand.build(base);
    expect(text.match(/Using cache/g)).toHaveLength(2);
    await expectNothingLeft();
  });

  it("that fails ends its other stages too", async () => {
    const { text } = await stand.build(
      `${base}FROM base AS slow\nRUN sleep 7654322\nFROM base AS bad\nRUN exit 3\nFROM scratch\nCOPY --from=slow / /\nCOPY --from=bad / /\n`,
    );
    expect(text).toContain("The command '/bin/sh -c exit 3' returned a non-zero code: 3");
    expect(processes("7654322")).toBe(0);
    await expectNothingLeft();
  });

  it("uses the steps of an image that it is told of", async () => {
    await stand.build(base, {}, { t: ["base-of-earlier"] });
    const dockerfile = "FROM base-of-earlier\nRUN date +%N >/now\n";
    const before = await stand.build(dockerfile, {}, { t: ["earlier"] });
    await stand.builds.calls.buildPrune({ all: true });
    const { text, id } = await stand.build(dockerfile, {}, { cachefrom: ["earlier", "nowhere"] });
    expect(text).toContain("Using cache");
    expect(id).toBe(before.id);
  });

  it("runs nothing for machines that this one is not", async () => {
    await expect(
      stand.build('FROM scratch\nRUN ["/x"]\n', {}, { platform: "linux/s390x" }).then(({ text }) => text),
    ).resolves.toContain("Dockerfile:2: RUN needs a linux/s390x machine");
    const made = await stand.build("FROM scratch\nCOPY busybox /b\n", {}, { platform: "linux/s390x", t: ["foreign"] });
    expect(made.id).toBeDefined();
    expect(await stand.room.calls.imageInspect({ name: "foreign" })).toMatchObject({ Architecture: "s390x" });
  });
});
