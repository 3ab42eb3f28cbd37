import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";
import { openStand, type Stand } from "../containers/stand.ts";

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

const containers = () => stand.containers.calls;
const volumes = () => stand.volumes.calls;

describe("volumes", () => {
  it("are made when a container names them, filled with what the image has there, and kept when it goes", async () => {
    const HostConfig = { Binds: ["gantry-data:/content"] };
    const { code, output, id } = await stand.run("cat /content/deep/file; echo more > /content/mine", { HostConfig });
    expect({ code, output }).toEqual({ code: 0, output: "from the image\n" });
    await expect(volumes().volumeRemove({ name: "gantry-data" })).rejects.toMatchObject({
      status: 409,
      message: `remove gantry-data: volume is in use - [${id}]`,
    });
    await containers().containerRemove({ id, v: true });
    const { Mountpoint } = await volumes().volumeInspect({ name: "gantry-data" });
    expect(readFileSync(path.join(Mountpoint, "mine"), "utf8")).toBe("more\n");
    const second = await stand.run("cat /content/mine; touch /content/x", {
      HostConfig: { Binds: ["gantry-data:/content:ro"] },
    });
    expect(second.code).toBe(1);
    expect(second.output).toContain("more\n");
    await containers().containerRemove({ id: second.id });
    await volumes().volumeRemove({ name: "gantry-data" });
    await expect(volumes().volumeInspect({ name: "gantry-data" })).rejects.toMatchObject({
      status: 404,
      message: "get gantry-data: no such volume",
    });
  });

  it("that are anonymous go with their container where that is asked for", async () => {
    const id = await stand.create("true", { Volumes: { "/anon": {} } });
    const [mount] = (await stand.inspect(id)).Mounts;
    expect(mount).toMatchObject({ Type: "volume", Destination: "/anon", RW: true, Driver: "local" });
    const name = mount?.Name ?? "";
    const { Labels } = await volumes().volumeInspect({ name });
    expect(Labels).toEqual({ "com.docker.volume.anonymous": "" });
    await containers().containerRemove({ id, v: true });
    await expect(volumes().volumeInspect({ name })).rejects.toMatchObject({ status: 404 });
  });

  it("have mounted what their options say as long as a container has them", async () => {
    const DriverOpts = { type: "tmpfs", device: "tmpfs", o: "size=1m" };
    await volumes().volumeCreate({ body: { Name: "gantry-tmp", DriverOpts } });
    const HostConfig = { Binds: ["gantry-tmp:/mnt"] };
    const { output, id } = await stand.run("mount", { HostConfig });
    expect(output).toMatch(/^tmpfs on \/mnt type tmpfs \(rw,.*size=1024k/m);
    const { Mountpoint } = await volumes().volumeInspect({ name: "gantry-tmp" });
    expect((await readMountTable()).some(({ target }) => target === Mountpoint)).toBe(false);
    await containers().containerRemove({ id });
    await volumes().volumeRemove({ name: "gantry-tmp" });
  });

  it("can be mounted in part", async () => {
    await volumes().volumeCreate({ body: { Name: "gantry-parts" } });
    const { Mountpoint } = await volumes().volumeInspect({ name: "gantry-parts" });
    mkdirSync(path.join(Mountpoint, "a/b"), { recursive: true });
    writeFileSync(path.join(Mountpoint, "a/b/c"), "deep\n");
    const mount = (Subpath: string) => ({
      HostConfig: { Mounts: [{ Type: "volume", Source: "gantry-parts", Target: "/part", VolumeOptions: { Subpath } }] },
    });
    expect((await stand.run("cat /part/c", mount("a/b"))).output).toBe("deep\n");
    await expect(stand.run("true", mount("a/../../.."))).rejects.toMatchObject({ status: 400 });
    await expect(stand.run("true", mount("nothing/here"))).rejects.toMatchObject({
      message: expect.stringContaining("no such file or directory"),
    });
  });

  it("refuse bad names, drivers and options", async () => {
    const create = (body: object) => volumes().volumeCreate({ body });
    await expect(create({ Name: "../up" })).rejects.toMatchObject({ status: 400 });
    await expect(create({ Name: "gantry-x", Driver: "nfs" })).rejects.toMatchObject({ status: 404 });
    await expect(create({ Name: "gantry-x", DriverOpts: { size: "1g" } })).rejects.toMatchObject({
      status: 400,
      message: 'create gantry-x: invalid option: "size"',
    });
    await expect(volumes().volumeList({ filters: { nope: ["x"] } })).rejects.toMatchObject({
      status: 400,
      message: "invalid filter 'nope'",
    });
  });

  it("are pruned when nobody has them: the anonymous ones, and all where that is asked for", async () => {
    await volumes().volumeCreate({ body: { Name: "gantry-named" } });
    const { Name } = await volumes().volumeCreate({ body: {} });
    expect((await volumes().volumePrune({})).VolumesDeleted).toEqual([Name]);
    const { VolumesDeleted } = await volumes().volumePrune({ filters: { all: ["true"] } });
    expect(VolumesDeleted).toContain("gantry-named");
  });
});

describe("binds", () => {
  it("make their source where it is missing, mounts of type bind do not", async () => {
    const source = path.join(stand.root, "made/here");
    expect((await stand.run("echo hello > /mnt/file", { HostConfig: { Binds: [`${source}:/mnt`] } })).code).toBe(0);
    expect(readFileSync(path.join(source, "file"), "utf8")).toBe("hello\n");
    const missing = path.join(stand.root, "missing");
    const HostConfig = { Mounts: [{ Type: "bind", Source: missing, Target: "/mnt" }] };
    await expect(stand.create("true", { HostConfig })).rejects.toMatchObject({
      status: 400,
      message: `invalid mount config for type "bind": bind source path does not exist: ${missing}`,
    });
  });

  it("come along from another container", async () => {
    const source = path.join(stand.root, "shared");
    const from = await stand.create("true", { HostConfig: { Binds: [`${source}:/shared`] } });
    const { code } = await stand.run("touch /shared/x", { HostConfig: { VolumesFrom: [`${from}:ro`] } });
    expect(code).toBe(1);
  });
});
