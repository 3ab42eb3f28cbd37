import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drain, openTestRoom, type TestRoom, tarOf } from "./room.ts";

let test: TestRoom;
beforeEach(async () => {
  test = await openTestRoom();
});
afterEach(() => test.remove());

const sh = (cwd: string, script: string) => execFileSync("sh", ["-ec", script], { cwd, encoding: "utf8" });

/** Runs a script on an overlay of an image; its upper directory. */
async function change(name: string, script: string): Promise<string> {
  const { store } = test.room;
  const work = path.join(test.ground.dataRoot, "work");
  sh(test.ground.dataRoot, "rm -rf work && mkdir -p work/upper work/work work/merged");
  const lowers = (await store.layers(store.find(name))).toReversed().join(":");
  sh(work, `mount -t overlay overlay -o lowerdir=${lowers},upperdir=upper,workdir=work merged`);
  try {
    sh(path.join(work, "merged"), script);
  } finally {
    sh(work, "umount merged");
  }
  return path.join(work, "upper");
}

/** All that an image's layers show together. */
async function view(name: string): Promise<string> {
  const { store } = test.room;
  const merged = path.join(test.ground.dataRoot, "view");
  mkdirSync(merged, { recursive: true });
  const lowers = (await store.layers(store.find(name))).toReversed().join(":");
  sh(merged, `mount -t overlay overlay -o lowerdir=${lowers} "$PWD"`);
  try {
    return sh(merged, "find . -mindepth 1 -printf '%p %y %m %s %l\\n' | grep -v '^./[^ ]* d' | sort");
  } finally {
    sh(path.dirname(merged), "umount view");
  }
}

describe("a layer on top of an image", () => {
  for (const move of [true, false]) {
    it(`hides what was removed, and makes the same tar again; ${move ? "moved" : "copied"}`, async () => {
      const { room } = test;
      const stream = await tarOf(
        "echo 1 >gone; mkdir -p dir/sub keep; echo 2 >dir/old; echo 3 >dir/sub/x; echo 4 >keep/it",
      );
      await drain(await room.calls.imageImport({ fromSrc: "-", repo: "base", tag: "1", stream }));
      const upper = await change(
        "base:1",
        `rm gone; rm -r dir; mkdir dir; echo new >dir/new; mkdir fresh; echo f >fresh/f; ln dir/new fresh/hard
         setfattr -n user.note -v x fresh; echo 5 >>keep/it; chmod 4755 keep/it`,
      );
      const made = await room.store.add(
        { parent: room.store.find("base:1"), upper, move, config: { Cmd: ["x"] }, createdBy: "RUN it" },
        "made:1",
      );
      expect(await view("made:1")).toBe(
        "./dir/new f 644 4 \n./fresh/f f 644 2 \n./fresh/hard f 644 4 \n./keep/it f 4755 4 \n",
      );
      expect((await room.calls.imageHistory({ name: "made:1" }))[0]).toMatchObject({ CreatedBy: "RUN it" });
      const chain = room.catalog.find("made:1").diffIds.at(-1) ?? "";
      const hash = createHash("sha256");
      const pieces: Buffer[] = [];
      for await (const piece of room.layers.tar(chain)) {
        hash.update(piece);
        pieces.push(piece);
      }
      expect(`sha256:${hash.digest("hex")}`).toBe(made.diffIds[1]);
      const listed = execFileSync("tar", ["-tf", "-"], { input: Buffer.concat(pieces), encoding: "utf8" });
      expect(listed.split("\n").filter((name) => name.includes(".wh."))).toEqual(["dir/.wh..wh..opq", ".wh.gone"]);
    });
  }
});
