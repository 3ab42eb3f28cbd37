import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Progress } from "../../../src/engine/api.ts";
import { type RegistryServer, startRegistry } from "../registry/docker-registry.ts";
import { drain, openTestRoom, type TestRoom, tarOf } from "./room.ts";

let registry: RegistryServer;
let test: TestRoom;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());
beforeEach(async () => {
  test = await openTestRoom();
});
afterEach(() => test.remove());

async function importAs(reference: string, script: string): Promise<void> {
  const colon = reference.lastIndexOf(":");
  const [repo, tag] = [reference.slice(0, colon), reference.slice(colon + 1)];
  await drain(
    await test.room.calls.imageImport({
      fromSrc: "-",
      repo,
      tag,
      changes: ['CMD ["sh"]'],
      stream: await tarOf(script),
    }),
  );
}

const push = async (name: string) => drain(await test.room.calls.imagePush({ name, auth: {} }));
const pull = async (name: string, room = test.room) => drain(await room.calls.imagePull({ fromImage: name }));
const statuses = (lines: readonly Progress[]) => lines.flatMap(({ status, error }) => error ?? status ?? []);

describe("an image pushed and pulled", () => {
  it("comes back the same, and what is there is not sent again", async () => {
    const name = `${registry.host}/team/app:1`;
    await importAs(name, "echo hello >greeting; head -c 3000000 /dev/urandom >noise");
    const lines = await push(name);
    const text = statuses(lines);
    expect(text[0]).toBe(`The push refers to repository [${registry.host}/team/app]`);
    expect(text).toContain("Preparing");
    expect(text).toContain("Pushed");
    const digest = /digest: (\S+) size/.exec(text.at(-1) ?? "")?.[1];
    expect(lines.at(-1)?.aux).toMatchObject({ Tag: "1", Digest: digest });
    const { Id, RepoDigests } = await test.room.calls.imageInspect({ name });
    expect(RepoDigests).toEqual([`${registry.host}/team/app@${digest}`]);
    expect(statuses(await push(name))).toContain("Layer already exists");

    await test.room.calls.imageTag({ name, repo: `${registry.host}/other`, tag: "2" });
    expect(statuses(await push(`${registry.host}/other:2`))).toContain("Mounted from team/app");

    const other = await openTestRoom();
    try {
      const pulled = statuses(await pull(name, other.room));
      expect(pulled[0]).toBe("Pulling from team/app");
      expect(pulled).toEqual(
        expect.arrayContaining(["Pulling fs layer", "Verifying Checksum", "Download complete", "Pull complete"]),
      );
      expect(pulled.slice(-2)).toEqual([`Digest: ${digest}`, `Status: Downloaded newer image for ${name}`]);
      expect((await other.room.calls.imageInspect({ name })).Id).toBe(Id);
      const [layer = ""] = await other.room.store.layers(other.room.store.find(name));
      expect(await readFile(path.join(layer, "greeting"), "utf8")).toBe("hello\n");
      expect(statuses(await pull(name, other.room)).at(-1)).toBe(`Status: Image is up to date for ${name}`);
      expect(other.told.at(-1)).toBe(`pull ${registry.host}/team/app`);
      await pull(`${registry.host}/team/app@${digest}`, other.room);
      expect(await other.room.calls.distributionInspect({ name })).toMatchObject({
        Descriptor: { digest, mediaType: "application/vnd.docker.distribution.manifest.v2+json" },
        Platforms: [{ os: "linux" }],
      });
    } finally {
      await other.remove();
    }
  });

  it("is what other tools make and take: gzip, zstd and OCI", async () => {
    const name = `${registry.host}/team/tools:1`;
    await importAs(name, "echo hello >greeting");
    await push(name);
    for (const [tag, options] of [
      ["gzip", ["--format", "oci", "--dest-compress-format", "gzip"]],
      ["zstd", ["--format", "oci", "--dest-compress-format", "zstd"]],
    ] as const) {
      execFileSync("skopeo", [
        "copy",
        "-q",
        ...options,
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        "--dest-compress",
        `docker://${name}`,
        `docker://${registry.host}/team/tools:${tag}`,
      ]);
      const other = await openTestRoom();
      await pull(`${registry.host}/team/tools:${tag}`, other.room);
      const [layer = ""] = await other.room.store.layers(other.room.store.find(`${registry.host}/team/tools:${tag}`));
      expect(await readFile(path.join(layer, "greeting"), "utf8")).toBe("hello\n");
      await other.remove();
    }
  });

  it("that is not there is said in docker's words", async () => {
    await expect(pull(`${registry.host}/team/none:9`)).rejects.toMatchObject({
      status: 404,
      message: `manifest for ${registry.host}/team/none:9 not found: manifest unknown: manifest unknown`,
    });
    await expect(pull("localhost:1/none:9")).rejects.toThrow("the registry localhost:1 cannot be reached");
    await expect(push("nothing:here")).rejects.toThrow("An image does not exist locally with the tag: nothing:here");
  });
});

describe("images as an archive", () => {
  it("come back the same, also by other tools", async () => {
    await importAs("one:1", "echo 1 >one");
    await importAs("two:2", "echo 2 >two");
    await test.room.calls.imageTag({ name: "one:1", repo: "one", tag: "also" });
    const chunks: Buffer[] = [];
    for await (const chunk of await test.room.calls.imageSave({ names: ["one", "two:2"] })) chunks.push(chunk);
    const tar = Buffer.concat(chunks);
    const other = await openTestRoom();
    try {
      const lines = await drain(await other.room.calls.imageLoad({ stream: tar, quiet: true }));
      expect(lines.map(({ stream }) => stream)).toEqual(
        ["Loaded image: one:1\n", "Loaded image: one:also\n", "Loaded image: two:2\n"].toSorted(
          (a, b) => Number(a > b) - Number(a < b),
        ),
      );
      expect((await other.room.calls.imageInspect({ name: "two:2" })).Id).toBe(
        (await test.room.calls.imageInspect({ name: "two:2" })).Id,
      );
      // Without manifest.json it is a plain OCI layout.
      await other.room.calls.imageRemove({ name: "one:1" });
      const layout = execFileSync("tar", ["--delete", "-f", "-", "manifest.json"], { input: tar, maxBuffer: 1 << 28 });
      await drain(await other.room.calls.imageLoad({ stream: layout }));
      expect((await other.room.calls.imageInspect({ name: "one:1" })).RepoTags).toEqual(["one:1", "one:also"]);
    } finally {
      await other.remove();
    }
    const file = path.join(test.ground.dataRoot, "saved.tar");
    await writeFile(file, tar);
    const seen = execFileSync("skopeo", ["inspect", `docker-archive:${file}:two:2`, "--config"]);
    expect(JSON.parse(seen.toString())).toMatchObject({ config: { Cmd: ["sh"] } });
    const loaded = execFileSync("docker", ["load"], { input: tar, encoding: "utf8" });
    expect(loaded).toContain("Loaded image: two:2");
    execFileSync("docker", ["rmi", "one:1", "one:also", "two:2"]);
  });

  it("that dockerd saved are taken", async () => {
    const tar = await tarOf("echo 3 >three");
    const id = execFileSync("docker", ["import", "-", "gantry-saved:3"], { input: tar, encoding: "utf8" }).trim();
    const saved = execFileSync("docker", ["save", "gantry-saved:3"], { maxBuffer: 1 << 28 });
    execFileSync("docker", ["rmi", "gantry-saved:3"]);
    const lines = await drain(await test.room.calls.imageLoad({ stream: saved }));
    expect(lines).toEqual([{ stream: "Loaded image: gantry-saved:3\n" }]);
    expect((await test.room.calls.imageInspect({ name: "gantry-saved:3" })).Id).toBe(id);
  });

  it("that hold none, or half of one, leave nothing behind", async () => {
    for (const [stream, message] of [
      [await tarOf("echo x >y"), "the archive holds no images"],
      [
        await tarOf('echo \'[{"Config":"../../etc/passwd","Layers":[]}]\' >manifest.json'),
        "../../etc/passwd is missing from the archive",
      ],
      [Buffer.from("x".repeat(2000)), "not a tar archive"],
    ] as const) {
      const lines = await drain(await test.room.calls.imageLoad({ stream }));
      expect(lines.at(-1)?.error).toContain(message);
    }
    expect(await test.room.blobs.all()).toEqual([]);
  });
});
