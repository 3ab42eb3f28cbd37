/** Caches that builds leave for builds elsewhere: two engines, and Debian's docker-registry between them. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drain } from "../images/room.ts";
import { type RegistryServer, startRegistry } from "../registry/docker-registry.ts";
import { type BuildkitClient, openBuildkitClient } from "./buildkit-client.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

let registry: RegistryServer;
const stands: BuildStand[] = [];
const clients: BuildkitClient[] = [];
beforeAll(async () => {
  registry = await startRegistry();
  for (let i = 0; i < 2; i++) {
    const stand = await openBuildStand();
    stands.push(stand);
    clients.push(openBuildkitClient(stand.builds));
  }
  // Both have the same base, as if it were pulled.
  await stand(0).build(base, {}, { t: [`${registry.host}/base`] });
  await drain(await stand(0).room.calls.imagePush({ name: `${registry.host}/base`, tag: "latest", auth: {} }));
});
afterAll(async () => {
  for (const client of clients) client.close();
  for (const one of stands) await one.remove();
  await registry.stop();
});

const base = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';

const stand = (index: number): BuildStand => stands[index] ?? fail();
const client = (index: number): BuildkitClient => clients[index] ?? fail();
function fail(): never {
  throw new Error("there is no such stand");
}

function put(index: number, content: string): void {
  const dockerfile = `FROM ${registry.host}/base\nWORKDIR /work\nCOPY a /a\nRUN cat /a >/b; echo done\n`;
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, a: content }))
    client(index).files.set(name, { content: text, mtime: content.length });
}

const steps = ({ vertices }: { readonly vertices: readonly string[] }) =>
  vertices.filter((name) => /\[[2-9]\//.test(name)).map((name) => name.replace(/ \[.*/, ""));

describe("a cache elsewhere", () => {
  it("that is in the image serves another engine's build, files and all", async () => {
    const name = `${registry.host}/inline`;
    put(0, "A");
    await client(0).build({}, { name }, { exports: [{ type: "inline" }] });
    await drain(await stand(0).room.calls.imagePush({ name, tag: "latest", auth: {} }));
    put(1, "A");
    const again = await client(1).build({}, { name: "again" }, { imports: [{ type: "registry", ref: name }] });
    expect(steps(again)).toEqual(["CACHED", "CACHED", "CACHED"]);
    const image = await stand(1).room.calls.imageInspect({ name: "again" });
    expect(image.RootFS).toEqual((await stand(0).room.calls.imageInspect({ name })).RootFS);
  });

  it("does not serve files that are others", async () => {
    put(1, "other");
    const built = await client(1).build(
      { "no-cache-filter": "" },
      { name: "other" },
      { imports: [{ type: "registry", ref: `${registry.host}/inline` }] },
    );
    expect(steps(built)).toEqual(["CACHED", expect.stringContaining("COPY"), expect.stringContaining("RUN")]);
  });

  it("at a registry has a name of its own, which the image here does not get", async () => {
    const ref = `${registry.host}/cache:main`;
    put(0, "for the registry");
    await client(0).build({}, { name: "mine" }, { exports: [{ type: "registry", ref }] });
    expect((await stand(0).room.calls.imageInspect({ name: "mine" })).RepoTags).toEqual(["mine:latest"]);
    put(1, "for the registry");
    const again = await client(1).build({}, { name: "theirs" }, { imports: [{ type: "registry", ref }] });
    expect(steps(again)).toEqual(["CACHED", "CACHED", "CACHED"]);
  });

  it("that is not to be had is told of, and changes nothing", async () => {
    put(1, "without");
    const ref = `${registry.host}/nothing`;
    const built = await client(1).build({}, { name: "without" }, { imports: [{ type: "registry", ref }] });
    expect(built.warnings.join()).toMatch(new RegExp(`the cache "${ref}" cannot be had`));
  });

  it.each([
    [{ type: "local", dest: "/x" }, "cache export to type=local is not supported"],
    [{ type: "registry" }, "needs a ref"],
    [{ type: "registry", ref: "x", mode: "max" }, "mode=max is not supported"],
  ])("is refused where it cannot be: %o", async (place, message) => {
    put(0, "A");
    await expect(client(0).build({}, { name: "refused" }, { exports: [place] })).rejects.toThrow(message);
  });
});
