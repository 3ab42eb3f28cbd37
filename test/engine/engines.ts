/** The engines that the tests run against, and what the tests put on them. */

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseAddress } from "../../src/engine/address.ts";
import type { ContainerCreateBody, Frame } from "../../src/engine/api.ts";
import { packFiles } from "../../src/engine/build-context.ts";
import { connect, type EngineClient } from "../../src/engine/client.ts";

/** URLs, from GANTRY_TEST_ENGINES (with commas between). */
export const engineUrls = (process.env.GANTRY_TEST_ENGINES || "unix:///var/run/docker.sock").split(",");

/** Why an engine cannot be tested against; undefined when it can. In CI that is an error. */
export async function missing(url: string): Promise<string | undefined> {
  const engine = connect(parseAddress(url));
  try {
    await engine.ping();
    await readFile("/bin/busybox");
    return undefined;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    return error instanceof Error ? error.message : String(error);
  } finally {
    engine.close();
  }
}

/** Tells apart what test files make that run at the same time. */
export const run = randomBytes(4).toString("hex");

/** Everything that a test makes bears this label, so that it can be found and removed. */
export const testLabel = { "gantry.test": run };
export const ours = { label: [`gantry.test=${run}`] };
export const testImage = `gantry-engine-test:${run}`;

/** Makes the image of the tests: busybox, and `sh`. */
export async function makeImage(engine: EngineClient): Promise<void> {
  const content = await readFile("/bin/busybox");
  const stream = packFiles(["/bin/busybox", "/bin/sh"].map((path) => ({ path, content, uid: 0, gid: 0, mode: 0o755 })));
  const [repo = "", tag = ""] = testImage.split(":");
  for await (const _ of await engine.imageImport({ fromSrc: "-", repo, tag, changes: ["ENV MADE=here"], stream }));
}

export async function removeAll(engine: EngineClient): Promise<void> {
  const containers = await engine.containerList({ all: true, filters: ours });
  await Promise.all(containers.map(({ Id }) => engine.containerRemove({ id: Id, force: true, v: true })));
  for (const { Id } of await engine.networkList({ filters: ours })) await engine.networkRemove({ id: Id });
  for (const { Name } of (await engine.volumeList({ filters: ours })).Volumes ?? []) {
    await engine.volumeRemove({ name: Name, force: true });
  }
  for (const { Id } of await engine.imageList({ filters: ours })) await engine.imageRemove({ name: Id, force: true });
  await engine.imageRemove({ name: testImage, force: true });
}

/** Creates a container that runs a shell script. */
export async function create(engine: EngineClient, script: string, more: ContainerCreateBody = {}): Promise<string> {
  const body = { Image: testImage, Cmd: ["sh", "-c", script], Labels: testLabel, ...more };
  return (await engine.containerCreate({ body })).Id;
}

/** The texts of all frames, by stream. */
export async function collect(frames: AsyncIterable<Frame>): Promise<{ stdout: string; stderr: string }> {
  const text = { stdout: "", stderr: "" };
  for await (const { stream, data } of frames) text[stream] += data.toString();
  return text;
}
