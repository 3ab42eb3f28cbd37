import { appendFileSync, truncateSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { extract, type Headers } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packContext, packFiles } from "../../src/engine/build-context.ts";

let context: string;
beforeEach(async () => {
  context = await mkdtemp(join(tmpdir(), "gantry-context-"));
});
afterEach(() => rm(context, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(context, name)), { recursive: true });
    await writeFile(join(context, name), content);
  }
}

interface Entry {
  readonly header: Headers;
  readonly text: string;
}

async function unpack(stream: AsyncIterable<Uint8Array>): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const tar = extract();
  Readable.from(stream)
    .on("error", (error) => tar.destroy(error))
    .pipe(tar);
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    entries.set(entry.header.name, { header: entry.header, text: Buffer.concat(chunks).toString() });
  }
  return entries;
}

async function openFiles(): Promise<string[]> {
  const descriptors = await readdir("/proc/self/fd");
  return Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "closed meanwhile")));
}

const namesOf = async (stream: AsyncIterable<Uint8Array>) => [...(await unpack(stream)).keys()];

describe("a build context", () => {
  it("holds files, directories and links in order, owned by root, with their modes and times", async () => {
    const long = `deep/${"d".repeat(90)}/${"ü".repeat(60)}.txt`;
    await write({ Dockerfile: "FROM x", "b/run.sh": "echo", "a/data": "", [long]: "far", constructor: "c" });
    await chmod(join(context, "b/run.sh"), 0o4751);
    await utimes(join(context, "b/run.sh"), 1000, 1_600_000_000.5);
    await symlink("../a/data", join(context, "b/link"));
    const { dockerfile, stream } = await packContext({ context });
    const entries = await unpack(stream);
    expect(dockerfile).toBe("Dockerfile");
    expect([...entries.keys()]).toEqual(
      [
        "Dockerfile",
        "a/",
        "a/data",
        "b/",
        "b/link",
        "b/run.sh",
        "constructor",
        "deep/",
        `deep/${"d".repeat(90)}/`,
        long,
      ].map((name) => name.replace(/\/$/, "")),
    );
    expect(entries.get("b/run.sh")?.header).toMatchObject({ mode: 0o4751, uid: 0, gid: 0, type: "file" });
    expect(entries.get("b/run.sh")?.header.mtime).toEqual(new Date(1_600_000_000_000));
    expect(entries.get("b/link")?.header).toMatchObject({ type: "symlink", linkname: "../a/data" });
    expect(entries.get("b")?.header.type).toBe("directory");
    expect(entries.get(long)?.text).toBe("far");
  });

  it("leaves out what .dockerignore names, but for its exceptions, the Dockerfile and .dockerignore itself", async () => {
    await write({
      ".dockerignore": "\uFEFF# comment\n*\n!src\nsrc/**/*.log\n!keep/this/*.txt\n/a+b(c\n",
      Dockerfile: "FROM x",
      "src/main.c": "",
      "src/x/y/z.log": "",
      "keep/this/in.txt": "",
      "keep/this/out.bin": "",
      "keep/that/in.txt": "",
      SRC: "",
    });
    expect(await namesOf((await packContext({ context })).stream)).toEqual([
      ".dockerignore",
      "Dockerfile",
      "keep",
      "keep/this",
      "keep/this/in.txt",
      "src",
      "src/main.c",
      "src/x",
      "src/x/y",
    ]);
  });

  it("goes by the Dockerfile's own ignore file where there is one", async () => {
    await write({
      ".dockerignore": "a",
      "docker/dev.Dockerfile": "FROM x",
      "docker/dev.Dockerfile.dockerignore": "b\ndocker",
      a: "",
      b: "",
    });
    const { dockerfile, stream } = await packContext({ context, dockerfile: "docker/dev.Dockerfile" });
    expect(dockerfile).toBe("docker/dev.Dockerfile");
    expect(await namesOf(stream)).toEqual([".dockerignore", "a", "docker", "docker/dev.Dockerfile"]);
  });

  it("takes an inline Dockerfile in under a name of its own, which COPY does not see", async () => {
    await write({ Dockerfile: "FROM other", ".dockerignore": "secret", secret: "" });
    const { dockerfile, stream } = await packContext({ context, dockerfileInline: "FROM inline" });
    const entries = await unpack(stream);
    expect(dockerfile).toMatch(/^\.dockerfile\.[0-9a-f]{20}$/);
    expect([...entries.keys()]).toEqual(["Dockerfile", ".dockerignore", dockerfile]);
    expect(entries.get(dockerfile)?.text).toBe("FROM inline");
    expect(entries.get(".dockerignore")?.text).toBe(`secret\n${dockerfile}\n`);
    expect((await packContext({ context, dockerfileInline: "FROM inline" })).dockerfile).toBe(dockerfile);
  });

  it("takes a Dockerfile in that lies outside of it", async () => {
    await write({ "here/file": "", "there/Dockerfile": "FROM outside" });
    const inner = { context: join(context, "here"), dockerfile: "../there/Dockerfile" };
    const { dockerfile, stream } = await packContext(inner);
    const entries = await unpack(stream);
    expect(entries.get(dockerfile)?.text).toBe("FROM outside");
    expect(entries.get(".dockerignore")?.text).toBe(`.dockerignore\n${dockerfile}\n`);
  });

  it("stays whole when files grow, shrink or vanish while they are read", async () => {
    const size = 1_000_000;
    const big = "x".repeat(size);
    await write({ Dockerfile: "FROM x", "1-big": big, "2-grows": big, "3-shrinks": big, "4-gone": big });
    const { stream } = await packContext({ context });
    const entries = await unpack(
      (async function* () {
        let first = true;
        for await (const chunk of stream) {
          if (first) {
            appendFileSync(join(context, "2-grows"), "more");
            truncateSync(join(context, "1-big"), 10);
            await rm(join(context, "4-gone"));
          }
          first = false;
          yield chunk;
        }
      })(),
    );
    expect([...entries.keys()]).toEqual(["1-big", "2-grows", "3-shrinks", "Dockerfile"]);
    expect(entries.get("1-big")?.text).toHaveLength(size);
    expect(entries.get("2-grows")?.text.startsWith(big)).toBe(true);
    expect(entries.get("3-shrinks")?.text).toBe(big);
    expect(entries.get("Dockerfile")?.text).toBe("FROM x");
  });

  it("closes its files when it is read no further", async () => {
    await write({ Dockerfile: "FROM x", big: "x".repeat(3_000_000) });
    const { stream } = await packContext({ context });
    for await (const _ of stream) {
      if ((await openFiles()).includes(join(context, "big"))) break;
    }
    while ((await openFiles()).includes(join(context, "big"))) await turn();
  });

  it("is refused where the directory or the Dockerfile is missing", async () => {
    await expect(packContext({ context: join(context, "none") })).rejects.toThrow(
      `${join(context, "none")} is not a directory`,
    );
    await expect(packContext({ context })).rejects.toThrow(`no Dockerfile at ${join(context, "Dockerfile")}`);
    await expect(packContext({ context, dockerfile: "../x.df" })).rejects.toThrow("no Dockerfile at");
    await write({ dockerfile: "FROM lower" });
    expect((await packContext({ context })).dockerfile).toBe("dockerfile");
  });
});

describe("files for a container", () => {
  it("keep their owner, mode and text", async () => {
    const entries = await unpack(
      packFiles([
        { path: "/run/secrets/a", content: "ä\n", uid: 1000, gid: 1001, mode: 0o400 },
        { path: "/etc/empty", content: new Uint8Array(), uid: 0, gid: 0, mode: 0o644 },
      ]),
    );
    expect([...entries.keys()]).toEqual(["run/secrets/a", "etc/empty"]);
    expect(entries.get("run/secrets/a")).toMatchObject({ text: "ä\n", header: { uid: 1000, gid: 1001, mode: 0o400 } });
    expect(entries.get("etc/empty")?.text).toBe("");
  });
});
