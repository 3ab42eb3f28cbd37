import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { statusResponse } from "../../../src/engine/buildkit/messages.ts";
import { decode } from "../../../src/engine/buildkit/protobuf.ts";
import { type BuildkitClient, openBuildkitClient } from "./buildkit-client.ts";
import { type BuildStand, openBuildStand } from "./stand.ts";

let stand: BuildStand;
let client: BuildkitClient;
beforeAll(async () => {
  stand = await openBuildStand();
  client = openBuildkitClient(stand.builds);
  await stand.build(base, {}, { t: ["base"] });
});
afterAll(async () => {
  client.close();
  await stand.remove();
});
beforeEach(() => {
  client.files.clear();
  client.sent();
});

const base = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n';

let clock = 1000;

/** Files as if they were written now. */
function put(files: Readonly<Record<string, string | Buffer>>): void {
  const mtime = ++clock;
  for (const [name, content] of Object.entries(files)) client.files.set(name, { content, mtime });
}

describe("a build by BuildKit's protocol", () => {
  it("becomes an image, and tells of its steps as they go", async () => {
    put({ Dockerfile: "FROM base\nARG WHO\nRUN echo hello $WHO | tee /said\nCOPY a /a\nLABEL l=v\n", a: "A", b: "B" });
    const built = await client.build({ "build-arg:WHO": "you", "label:x": "y" }, { name: "one,two:2" });
    expect(built.log).toBe("hello you\n");
    expect(built.vertices.toSorted()).toEqual([
      "CACHED [1/3] FROM base",
      "[2/3] RUN echo hello $WHO | tee /said",
      "[3/3] COPY a /a",
      "[internal] load .dockerignore",
      "[internal] load build context",
      "[internal] load build definition from Dockerfile",
      "exporting to image",
    ]);
    const image = await stand.room.calls.imageInspect({ name: "two:2" });
    expect(built.response.get("containerimage.digest")).toBe(image.Id);
    expect(image).toMatchObject({ RepoTags: ["one:latest", "two:2"], Config: { Labels: { l: "v", x: "y" } } });
    expect(await stand.files("one")).toContain("a f 644 0:0");
    const again = await client.build({ "build-arg:WHO": "you", "label:x": "y" }, { name: "one" });
    expect(again.response.get("containerimage.digest")).toBe(image.Id);
    expect(again.vertices).toContain("CACHED [3/3] COPY a /a");
  });

  it("asks only for the files that are new or have changed", async () => {
    const large = Buffer.alloc(9_000_000, "x");
    put({ Dockerfile: "FROM base\nCOPY . /all/\n", a: "A", b: "B", large, empty: "" });
    await client.build({}, { name: "first" });
    // The Dockerfile's directory and the context are two to the client.
    expect(client.sent().sort()).toEqual(["Dockerfile", "Dockerfile", "a", "b", "large"]);
    await client.build({}, { name: "second" });
    expect(client.sent()).toEqual([]);
    put({ b: "C" });
    await client.build({}, { name: "third" });
    expect(client.sent()).toEqual(["b"]);
    const tree = await stand.tree("third");
    const { hash } = await import("node:crypto");
    for (const [name, content] of [
      ["a", "A"],
      ["b", "C"],
      ["large", large],
      ["empty", ""],
    ] as const)
      expect(tree).toContain(`all/${name} = ${hash("sha256", content).slice(0, 12)}`);
  });

  it("leaves out what .dockerignore names, also that of its Dockerfile", async () => {
    put({
      "other.Dockerfile": "FROM base\nCOPY . /all/\n",
      "other.Dockerfile.dockerignore": "*\n!keep\n",
      ".dockerignore": "keep\n",
      keep: "k",
      drop: "d",
    });
    await client.build({ filename: "other.Dockerfile" }, { name: "ignored" });
    expect((await stand.files("ignored")).filter((line) => line.includes(" f "))).toEqual(["all/keep f 644 0:0"]);
  });

  it("has secrets that are in no layer", async () => {
    client.secrets.set("token", "s3cret");
    put({
      Dockerfile:
        "FROM base\nRUN --mount=type=secret,id=token cat /run/secrets/token && stat -c %a /run/secrets/token\nRUN --mount=type=secret,id=token,env=TOKEN echo $TOKEN\nRUN --mount=type=secret,id=none test ! -e /run/secrets/none && echo no secret\n",
    });
    const { log } = await client.build({}, { name: "secretive" });
    expect(log).toBe("s3cret400\ns3cret\nno secret\n");
    expect((await stand.files("secretive")).filter((line) => line.includes("secrets"))).toEqual([]);
    put({ Dockerfile: "FROM base\nRUN --mount=type=secret,id=none,required=true true\n" });
    await expect(client.build({})).rejects.toThrow(
      'Dockerfile:2: RUN --mount: the secret "none" is required, but was not given (give it with --secret id=none,src=FILE)',
    );
  });

  it("takes images and directories of the client as named contexts", async () => {
    put({ Dockerfile: "FROM mine\nCOPY --from=files Dockerfile /d\nRUN cat /d | head -n 1\n" });
    const contexts = { "context:mine": "docker-image://base", "context:files": "local:files" };
    const { log, vertices } = await client.build(contexts, { name: "contexts" });
    expect(log).toBe("FROM mine\n");
    expect(vertices).toContain("[internal] load from context files");
  });

  it("that fails says which process and how, and leaves nothing", async () => {
    put({ Dockerfile: "FROM base\nRUN echo so far; exit 7\n" });
    await expect(client.build({}, { name: "failed" })).rejects.toThrow(
      'process "/bin/sh -c echo so far; exit 7" did not complete successfully: exit code: 7',
    );
    await expect(stand.room.calls.imageInspect({ name: "failed" })).rejects.toThrow("No such image");
    expect(await readdir(path.join(stand.ground.dataRoot, "builds/running"))).toEqual([]);
  });

  it("refuses what it cannot do, in words", async () => {
    put({ Dockerfile: "FROM base\nRUNN x\n" });
    await expect(client.build({})).rejects.toThrow("Dockerfile:2: unknown instruction: RUNN (did you mean RUN?)");
    await expect(client.build({ filename: "none" })).rejects.toThrow("open none: no such file");
    await expect(client.build({ platform: "linux/amd64,linux/arm64" })).rejects.toThrow("several platforms at once");
    await expect(client.build({ requestid: "frontend.outline" })).rejects.toThrow("frontend.outline");
    put({ Dockerfile: "FROM base\nRUN --security=insecure true\n" });
    await expect(client.build({})).rejects.toThrow("--allow security.insecure");
  });

  it("keeps no file open when it is over", async () => {
    put({ Dockerfile: "FROM base\nCOPY . /all/\nCOPY --from=base /bin/busybox /b\n", a: readFileSync("/bin/busybox") });
    await client.build({}, { name: "open" });
    const before = (await readdir("/proc/self/fd")).length;
    for (let i = 0; i < 5; i++) await client.build({ "no-cache": "" }, { name: "open" });
    expect((await readdir("/proc/self/fd")).length).toBe(before);
  });

  it("is also had by the classic call: version 2, with a session for what the context does not hold", async () => {
    const dockerfile = "FROM base\nRUN --mount=type=secret,id=token cat /run/secrets/token\n";
    client.secrets.set("token", "by session\n");
    const { lines, id } = await stand.build(dockerfile, {}, { version: "2", session: "test", t: ["traced"] });
    const statuses = lines.flatMap(({ id: kind, aux }) =>
      kind === "moby.buildkit.trace" ? decode(statusResponse, Buffer.from(String(aux), "base64")) : [],
    );
    expect(statuses.flatMap(({ logs }) => logs.map(({ data }) => data.toString()))).toEqual(["by session\n"]);
    expect(lines.at(-1)).toEqual({ id: "moby.image.id", aux: { ID: id } });
    put({ Dockerfile: "FROM base\nCOPY a /a\n", a: "A" });
    const whole = await stand.build("", {}, { version: "2", session: "test", remote: "client-session", t: ["whole"] });
    expect(whole.id).toBeDefined();
    expect(await stand.files("whole")).toContain("a f 644 0:0");
  });
});
