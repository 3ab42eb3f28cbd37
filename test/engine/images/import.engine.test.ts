import { execFileSync } from "node:child_process";
import { lstat, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drain, openTestRoom, type TestRoom, tarOf } from "./room.ts";

let test: TestRoom;
beforeEach(async () => {
  test = await openTestRoom();
});
afterEach(() => test.remove());

async function importTar(tar: Buffer, repo = "base", changes: readonly string[] = []): Promise<string> {
  const [line] = await drain(await test.room.calls.imageImport({ fromSrc: "-", repo, tag: "1", changes, stream: tar }));
  return line?.status ?? "";
}

const imagesOf = async () => (await test.room.calls.imageList({})).map(({ RepoTags }) => RepoTags);
const layersOf = async () => (await readdir(path.join(test.ground.dataRoot, "layers"))).length;

describe("an imported root file system", () => {
  it("is an image with the changes that were asked for", async () => {
    const id = await importTar(await tarOf("echo hi >hello"), "localhost:5000/my/base", [
      "ENV A=1 B=$A",
      'CMD ["x"]',
      "EXPOSE 80",
    ]);
    const image = await test.room.calls.imageInspect({ name: "localhost:5000/my/base:1" });
    expect(image).toMatchObject({
      Id: id,
      RepoTags: ["localhost:5000/my/base:1"],
      RepoDigests: [],
      Os: "linux",
      Size: 3,
      Comment: "Imported from -",
      Config: { Env: ["A=1", "B="], Cmd: ["x"], ExposedPorts: { "80/tcp": {} } },
    });
    expect(await test.room.calls.imageHistory({ name: id.slice(7, 20) })).toMatchObject([
      { Id: id, Size: 3, Tags: ["localhost:5000/my/base:1"], Comment: "Imported from -" },
    ]);
    expect(test.told).toEqual([`import ${id}`]);
  });

  it("keeps owners, modes, times, links, holes, capabilities and names of any bytes", async () => {
    await importTar(
      await tarOf(
        `echo x >file && chown 123:70000 file && chmod 6751 file && touch -d '2001-02-03 04:05:06.789Z' file
         ln file hard && ln -s /nowhere/else soft && mkfifo pipe && mkdir -m 1777 dir
         truncate -s 5M sparse && printf end >>sparse
         cp /bin/true ping && setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 ping
         setfattr -n user.note -v 'a b' dir
         : >"$(printf 'n\\377me')" && mkdir -p ${"d".repeat(120)}/${"e".repeat(120)} && touch ${"d".repeat(120)}/${"e".repeat(120)}/f`,
        ["--sparse", "--xattrs", "--xattrs-include=*", "--format=posix"],
      ),
    );
    const [layer = ""] = await test.room.store.layers(test.room.store.find("base:1"));
    const file = await lstat(path.join(layer, "file"), { bigint: true });
    expect([Number(file.uid), Number(file.gid), (Number(file.mode) & 0o7777).toString(8)]).toEqual([
      123,
      70000,
      "6751",
    ]);
    expect(file.mtimeNs).toBe(BigInt(Date.parse("2001-02-03T04:05:06.789Z")) * 1_000_000n);
    expect(file.nlink).toBe(2n);
    expect((await lstat(path.join(layer, "pipe"))).isFIFO()).toBe(true);
    expect((await lstat(path.join(layer, "dir"))).mode & 0o7777).toBe(0o1777);
    const sparse = await lstat(path.join(layer, "sparse"));
    expect([sparse.size, sparse.blocks < 100]).toEqual([5 * 1024 * 1024 + 3, true]);
    const xattrs = execFileSync("getfattr", ["-d", "-m", "-", "-e", "hex", "ping", "dir"], {
      cwd: layer,
      encoding: "utf8",
    });
    expect(xattrs).toContain("security.capability=0x0100000200200000000000000000000000000000");
    expect(xattrs).toContain("user.note=0x612062");
    const names = await readdir(layer, { encoding: "buffer" });
    expect(names.map((name) => name.toString("latin1"))).toContain("n\xffme");
    expect(await lstat(path.join(layer, "d".repeat(120), "e".repeat(120), "f"))).toBeDefined();
    await test.room.calls.imageRemove({ name: "base:1" });
    expect(await layersOf()).toBe(0);
  });

  it("may come compressed", async () => {
    const tar = await tarOf("echo hi >hello");
    for (const program of ["gzip", "zstd", "xz", "bzip2"]) {
      await importTar(execFileSync(program, ["-c"], { input: tar }), program);
      const [layer = ""] = await test.room.store.layers(test.room.store.find(`${program}:1`));
      expect(await readFile(path.join(layer, "hello"), "utf8")).toBe("hi\n");
    }
    expect(await layersOf()).toBe(1);
  });

  it("leaves nothing behind when it is no archive, or cut off", async () => {
    const tar = await tarOf("head -c 100000 /dev/zero >zero");
    await expect(importTar(Buffer.from("not a tar at all".repeat(100)))).rejects.toThrow("not a tar archive");
    await expect(importTar(tar.subarray(0, 50_000))).rejects.toThrow("cut off");
    await expect(importTar(execFileSync("gzip", ["-c"], { input: tar }).subarray(0, 90))).rejects.toThrow(
      "unexpected end",
    );
    expect(await imagesOf()).toEqual([]);
    expect(await layersOf()).toBe(0);
    expect(await readdir(path.join(test.ground.dataRoot, "images/blobs/sha256"))).toEqual([]);
  });

  it("is still there when the daemon comes back, but not half of it", async () => {
    await importTar(await tarOf("echo hi >hello"));
    const again = await test.again("another-boot");
    await again.sweep();
    expect((await again.calls.imageList({})).map(({ RepoTags }) => RepoTags)).toEqual([["base:1"]]);
    const [layer = ""] = await again.store.layers(again.store.find("base:1"));
    expect(await readFile(path.join(layer, "hello"), "utf8")).toBe("hi\n");
  });
});

describe("images by name", () => {
  it("are tagged, found by the beginning of their ID, and removed with their last name", async () => {
    const id = await importTar(await tarOf("echo hi >hello"));
    await test.room.calls.imageTag({ name: id.slice(7, 15), repo: "other", tag: "" });
    expect(await imagesOf()).toEqual([["base:1", "other:latest"]]);
    expect(await test.room.calls.imageRemove({ name: "other" })).toEqual([{ Untagged: "other:latest" }]);
    const { RootFS } = await test.room.calls.imageInspect({ name: id });
    expect(await test.room.calls.imageRemove({ name: "base:1" })).toEqual([
      { Untagged: "base:1" },
      { Deleted: id },
      { Deleted: RootFS?.Layers?.[0] },
    ]);
    expect(await layersOf()).toBe(0);
    expect(test.told.slice(1)).toEqual(["tag other:latest", `untag ${id}`, `untag ${id}`, `delete ${id}`]);
    await expect(test.room.calls.imageInspect({ name: "base" })).rejects.toThrow("No such image: base:latest");
    await expect(test.room.calls.imageInspect({ name: "Base" })).rejects.toMatchObject({ status: 400 });
  });

  it("stay while containers use them, unless by force; their layers stay even then", async () => {
    const id = await importTar(await tarOf("echo hi >hello"));
    const short = id.slice(7, 19);
    test.users.set(id, [{ id: "c".repeat(64), name: "web", running: true }]);
    await expect(test.room.calls.imageRemove({ name: "base:1" })).rejects.toThrow(
      `conflict: unable to remove repository reference "base:1" (must force) - container cccccccccccc is using its referenced image ${short}`,
    );
    await expect(test.room.calls.imageRemove({ name: id, force: true })).rejects.toThrow(
      `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container cccccccccccc`,
    );
    test.users.set(id, [{ id: "c".repeat(64), name: "web", running: false }]);
    await expect(test.room.calls.imageRemove({ name: id })).rejects.toThrow(
      `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container cccccccccccc`,
    );
    expect(await test.room.calls.imageRemove({ name: id, force: true })).toEqual([
      { Untagged: "base:1" },
      { Deleted: id },
    ]);
    expect(await imagesOf()).toEqual([]);
    expect(await test.room.store.layers(test.room.store.find(id))).toHaveLength(1);
    test.users.clear();
    await test.room.calls.imagePrune({});
    expect(await layersOf()).toBe(0);
  });

  it("are pruned where they have no name, or nobody uses them", async () => {
    const first = await importTar(await tarOf("echo 1 >one"));
    const second = await importTar(await tarOf("echo 22 >two"));
    expect(await imagesOf()).toEqual(expect.arrayContaining([[], ["base:1"]]));
    expect((await test.room.calls.imagePrune({ filters: { label: ["keep"] } })).ImagesDeleted).toBeNull();
    const pruned = await test.room.calls.imagePrune({});
    expect(pruned.ImagesDeleted?.[0]).toEqual({ Deleted: first });
    expect(pruned.SpaceReclaimed).toBe(2);
    expect((await test.room.calls.imagePrune({ filters: { dangling: ["false"] } })).ImagesDeleted).toContainEqual({
      Deleted: second,
    });
    await expect(test.room.calls.imagePrune({ filters: { nonsense: ["1"] } })).rejects.toThrow(
      "invalid filter 'nonsense'",
    );
  });
});
