/** Archives that want out, and descriptors that were left open: nothing beyond a container's root is seen or changed. */

import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { paddingOf } from "../../../src/engine/images/tar/entry.ts";
import { encodeEntry } from "../../../src/engine/images/tar/header.ts";
import { encodePax } from "../../../src/engine/images/tar/pax.ts";
import { encodeArchive, type Member, plainMember } from "../../engine/images/members.ts";
import { type Bench, end, idle, image, openBench, withDocker } from "./bench.ts";

/** A sparse file in PAX form (1.0) that says to be `size` bytes long. */
function sparseFile(path: string, size: number): Buffer {
  const records = encodePax(
    new Map([
      ["GNU.sparse.major", "1"],
      ["GNU.sparse.minor", "0"],
      ["GNU.sparse.name", path],
      ["GNU.sparse.realsize", String(size)],
    ]),
  );
  const header = encodeEntry({ ...plainMember, path: "pax", size: records.length });
  header.write("x", 156, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return Buffer.concat([
    header,
    Buffer.from(records),
    Buffer.alloc(paddingOf(records.length)),
    encodeArchive([{ path }]),
  ]);
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** What `docker save` would have written of an image of one layer. */
function archiveOf(name: string, layer: Buffer, change: (manifest: object) => object = (manifest) => manifest): Buffer {
  const rootfs = { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] };
  const config = JSON.stringify({ architecture: "amd64", os: "linux", config: { Cmd: ["/x"] }, rootfs });
  const manifest = change({ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] });
  return encodeArchive([
    { path: "manifest.json", content: JSON.stringify([manifest]) },
    { path: "config.json", content: config },
    { path: "layer.tar", content: layer },
  ]);
}

withDocker("what is hostile", () => {
  let bench: Bench;
  let target: string;
  beforeAll(async () => {
    bench = await openBench();
    target = path.join(bench.folder, "target");
    mkdirSync(target);
    writeFileSync(path.join(target, "file"), "untouched");
    await bench.says("run", "-d", "--name", "box", image, ...idle);
  });
  afterAll(() => bench.close());

  const isUntouched = () => {
    expect(readdirSync(target)).toEqual(["file"]);
    expect(readFileSync(path.join(target, "file"), "utf8")).toBe("untouched");
    expect(existsSync("/gantry-planted")).toBe(false);
  };

  /** Every way out that an archive knows. `${target}` is a folder of the host. */
  const escapes = (): Record<string, readonly Member[]> => ({
    "a path that climbs": [{ path: `${"../".repeat(20)}${target.slice(1)}/planted`, content: "x" }],
    "a path that climbs from below": [{ path: `a/b/${"../".repeat(20)}gantry-planted`, content: "x" }],
    "an absolute path": [{ path: `${target}/planted`, content: "x" }],
    "a file behind an absolute link": [
      { path: "out", type: "symlink", linkPath: target },
      { path: "out/planted", content: "x" },
    ],
    "a file behind a climbing link": [
      { path: "out", type: "symlink", linkPath: `${"../".repeat(20)}${target.slice(1)}` },
      { path: "out/planted", content: "x" },
    ],
    "a link's own target overwritten": [
      { path: "file", type: "symlink", linkPath: `${target}/file` },
      { path: "file", content: "overwritten" },
    ],
    "a hard link to a file of the host": [
      { path: "hard", type: "hardlink", linkPath: `${target}/file` },
      { path: "hard", content: "overwritten" },
    ],
    "a hard link that climbs": [
      { path: "hard", type: "hardlink", linkPath: `${"../".repeat(20)}${target.slice(1)}/file` },
    ],
    "a hard link behind a link": [
      { path: "out", type: "symlink", linkPath: target },
      { path: "hard", type: "hardlink", linkPath: "out/file" },
    ],
    "a removal behind a link": [
      { path: "out", type: "symlink", linkPath: target },
      { path: "out/.wh.file" },
      { path: "out/.wh..wh..opq" },
    ],
  });

  it("an archive that is copied into a container stays in it", async () => {
    for (const members of Object.values(escapes())) {
      const cp = bench.start("cp", "-", "box:/");
      cp.stdin.end(encodeArchive(members));
      const { exitCode, stderr } = await end(cp);
      if (exitCode !== 0) expect(stderr).toContain("Error response from daemon");
      isUntouched();
    }
    const cp = bench.start("cp", "-", "box:/");
    cp.stdin.end(encodeArchive([{ path: "disk", type: "block", major: 8, minor: 0, mode: 0o666 }]));
    await end(cp);
    expect((await bench.docker("exec", "box", "test", "-b", "/disk")).exitCode).toBe(1);
    expect(await bench.says("inspect", "--format", "{{.State.Running}}", "box")).toBe("true");
  });

  it("a layer that is loaded or imported stays in its image", async () => {
    const devices: readonly Member[] = [{ path: "disk", type: "block", major: 8, minor: 0, mode: 0o666 }];
    for (const [title, members] of Object.entries({ ...escapes(), devices })) {
      const load = bench.start("load");
      load.stdin.end(archiveOf("hostile:1", encodeArchive(members)));
      const loaded = await end(load);
      isUntouched();
      const known = (await bench.docker("image", "inspect", "hostile:1")).exitCode === 0;
      expect({ title, known }).toEqual({ title, known: loaded.exitCode === 0 });
      if (known) {
        await bench.says("create", "--name", "hostile", "hostile:1");
        // What the image holds is handed out as it is, and nothing of the host with it.
        const copied = await bench.docker("export", "hostile");
        expect(copied.stdout).not.toContain("untouched");
        await bench.says("rm", "hostile");
        await bench.says("rmi", "hostile:1");
      }
      const imported = bench.start("import", "-", "hostile:2");
      imported.stdin.end(encodeArchive(members));
      await end(imported);
      await bench.docker("rmi", "hostile:2");
      isUntouched();
    }
    expect(await bench.says("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe(image);
  });

  it("an archive of images that names files beyond it, or lies about its digests, is refused whole", async () => {
    const layer = encodeArchive([{ path: "x", content: "x" }]);
    const archives = [
      archiveOf("bad:1", layer, (manifest) => ({ ...manifest, Config: "../../../etc/passwd" })),
      archiveOf("bad:1", layer, (manifest) => ({ ...manifest, Layers: [`${target}/file`] })),
      archiveOf("bad:1", layer, (manifest) => ({ ...manifest, Layers: [] })),
      archiveOf("bad:1", layer, (manifest) => ({ ...manifest, RepoTags: ["../bad"] })),
      archiveOf("bad:1", layer, (manifest) => ({ ...manifest, RepoTags: 5 })),
      archiveOf("bad:1", layer, () => ({})),
      Buffer.from(archiveOf("bad:1", layer).toString("latin1").replace("sha256:", "sha256:0"), "latin1"),
    ];
    for (const [index, archive] of archives.entries()) {
      const load = bench.start("load");
      load.stdin.end(archive);
      const { exitCode, stderr } = await end(load);
      expect({ index, exitCode }).toEqual({ index, exitCode: 1 });
      expect(stderr).not.toMatch(/TypeError|the engine failed/);
    }
    expect(await bench.says("images", "-aq")).toHaveLength(12);
    isUntouched();
  });

  it("a bomb is refused while it goes off, and leaves nothing behind", async () => {
    const zeros = Buffer.alloc(64 * 1024 * 1024);
    const large = encodeEntry({ ...plainMember, path: "zeros", size: 64 * zeros.length });
    const bombs: Record<string, readonly [bomb: Buffer, complaint: string]> = {
      gzip: [
        gzipSync(Buffer.concat([large, ...Array.from({ length: 8 }, () => zeros)])),
        "more than 1000 times its size",
      ],
      zstd: [zstdCompressSync(Buffer.concat([large, zeros])), "more than 1000 times its size"],
      "a name of 2 MiB": [encodeArchive([{ path: "x".repeat(2 * 1024 * 1024) }]), "header is larger than 1 MiB"],
      "folders 5000 deep": [encodeArchive([{ path: "d/".repeat(5000) }]), "longer than 4095 bytes"],
      "a hole of 1 PiB": [sparseFile("hole", 2 ** 50), "larger than 1 TiB"],
    };
    const held = () => bench.host("find", path.join(bench.folder, "data"), "-printf", "%y %P %s\\n");
    const before = await held();
    for (const [title, [bomb, complaint]] of Object.entries(bombs)) {
      for (const args of [["load"], ["import", "-", "bomb:1"]]) {
        const taking = bench.start(...args);
        taking.stdin.end(args[0] === "load" ? archiveOf("bomb:1", bomb) : bomb);
        const { exitCode, stderr } = await end(taking);
        expect({ title, exitCode, stderr }).toEqual({ title, exitCode: 1, stderr: expect.stringContaining(complaint) });
      }
    }
    expect(await held()).toBe(before);
    expect(await bench.says("inspect", "--format", "{{.State.Running}}", "box")).toBe("true");
  });

  it("a program of root's in a layer is root's in its containers alone: nobody else on the host gets at it", async () => {
    const load = bench.start("import", "-", "hostile:3");
    load.stdin.end(encodeArchive([{ path: "become-root", content: "x", mode: 0o4755 }]));
    expect((await end(load)).exitCode).toBe(0);
    const stored = await bench.host("find", path.join(bench.folder, "data"), "-name", "become-root", "-perm", "-4000");
    expect(stored).not.toBe("");
    chmodSync(bench.folder, 0o755);
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-e", stored];
    await expect(bench.host(...asNobody)).rejects.toMatchObject({ exitCode: 1 });
    chmodSync(bench.folder, 0o700);
    await bench.says("rmi", "hostile:3");
  });

  it("descriptors that the daemon was started with reach no container and no monitor", async () => {
    const list = "for one in /proc/self/fd/*; do readlink $one; done; cd /proc/1/fd && ls";
    const own = "0\n1\n2";
    expect(await bench.says("run", "--rm", image, "ls", "/proc/self/fd")).toBe(`${own}\n3`);
    expect(await bench.says("exec", "box", "ls", "/proc/self/fd")).toBe(`${own}\n3`);
    expect(await bench.says("exec", "box", "sh", "-c", list)).not.toMatch(/^\/$/m);
    const health = ["--health-cmd", "ls /proc/self/fd >/seen", "--health-interval", "100ms"];
    await bench.says("run", "-d", "--name", "checked", ...health, image, ...idle);
    await expect
      .poll(() => bench.docker("exec", "checked", "cat", "/seen"), { timeout: 20_000 })
      .toMatchObject({
        stdout: `${own}\n3\n`,
      });
    const pid = await bench.says("inspect", "--format", "{{.State.Pid}}", "checked");
    const monitor = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    const links = await bench.host("find", `/proc/${monitor}/fd`, "-printf", "%l\n");
    expect(links.split("\n")).not.toContain("/");
    await bench.says("rm", "-f", "checked");
  });
});
