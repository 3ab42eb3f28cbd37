import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import { packContext } from "../../src/engine/build-context.ts";
import { connect } from "../../src/engine/client.ts";
import { collect, engineUrls, makeImage, missing, removeAll, run, testImage, testLabel } from "./engines.ts";

for (const url of engineUrls) {
  const reason = await missing(url);
  if (reason !== undefined) describe.skip(`the engine at ${url} (left out: ${reason})`, () => it("answers", () => {}));
  else describe(`the engine at ${url} builds a packed context`, { timeout: 30_000 }, () => build(url));
}

function build(url: string): void {
  const engine = connect(parseAddress(url));
  let context: string;
  beforeAll(async () => {
    await makeImage(engine);
    context = await mkdtemp(join(tmpdir(), "gantry-build-"));
    await writeFile(join(context, "kept"), "x".repeat(1_000_000));
    await writeFile(join(context, "secret"), "secret");
  });
  afterAll(async () => {
    await rm(context, { recursive: true });
    await removeAll(engine);
    engine.close();
  });

  const text = `FROM ${testImage}\nCOPY . /all\nCMD ["sh", "-c", "cd /all; for f in * .[!.]*; do echo $f; done"]\n`;

  /** Builds with a Dockerfile, and gives the names of the files that `COPY .` has seen. */
  const copied = async (dockerfile: { dockerfile?: string; dockerfileInline?: string }): Promise<string[]> => {
    const packed = await packContext({ context, ...dockerfile });
    const t = [`gantry-engine-test-build:${run}`];
    const options = { t, labels: testLabel, rm: true, dockerfile: packed.dockerfile, stream: packed.stream };
    for await (const _ of await engine.imageBuild(options));
    const { Id: id } = await engine.containerCreate({ body: { Image: t[0] ?? "", Labels: testLabel } });
    const { frames } = await engine.containerAttach({ id, tty: false, stream: true, stdout: true });
    await engine.containerStart({ id });
    return (await collect(frames)).stdout.trim().split("\n");
  };

  it("without what is ignored, and without the Dockerfile where that is ignored too", async () => {
    await writeFile(join(context, ".dockerignore"), "secret\nDockerfile\n.dockerignore\n");
    await writeFile(join(context, "Dockerfile"), text);
    expect(await copied({})).toEqual(["kept", ".[!.]*"]);
    await rm(join(context, "Dockerfile"));
    await rm(join(context, ".dockerignore"));
  });

  it("by an inline Dockerfile, of which COPY sees nothing", async () => {
    expect(await copied({ dockerfileInline: text })).toEqual(["kept", "secret", ".[!.]*"]);
  });

  it("by a Dockerfile outside of it, of which COPY sees nothing", async () => {
    const outside = `${context}.Dockerfile`;
    await writeFile(outside, text);
    await writeFile(join(context, ".dockerignore"), "secret");
    expect(await copied({ dockerfile: outside })).toEqual(["kept", ".dockerignore"]);
    await rm(outside);
  });
}
