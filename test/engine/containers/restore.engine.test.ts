import { existsSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFrozen } from "../../../src/engine/containers/runtime/cgroups.ts";
import { identify } from "../../../src/engine/containers/runtime/processes.ts";
import { readMountTable } from "../../../src/engine/containers/runtime/view.ts";
import { cgroupPath } from "../../../src/engine/containers/spec/spec.ts";
import { openStand, type Stand } from "./stand.ts";

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

const calls = () => stand.containers.calls;

describe("a daemon that starts after another one", () => {
  it("adopts what runs: the same process, which can be stopped, and whose end is noticed", async () => {
    const id = await stand.create("trap 'exit 6' TERM; echo ready; while true; do sleep 0.01; done");
    const short = await stand.create("while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 9");
    await Promise.all([id, short].map((one) => calls().containerStart({ id: one })));
    await stand.until(() => stand.log(id).includes("ready"));
    const before = await stand.inspect(id);
    await stand.restart();
    const after = await stand.inspect(id);
    expect(after.State).toEqual(before.State);
    const over = calls().containerWait({ id: short });
    writeFileSync(`${stand.containers.room.places.of(short).rootfs}/tmp/go`, "");
    expect(await over).toEqual({ StatusCode: 9 });
    await calls().containerStop({ id });
    expect((await stand.inspect(id)).State.ExitCode).toBe(6);
  });

  it("takes note of what ended meanwhile, with its exit code, and takes its mounts away", async () => {
    const id = await stand.create("while [ ! -e /tmp/go ]; do sleep 0.01; done; exit 11");
    await calls().containerStart({ id });
    const { rootfs, bundle } = stand.containers.room.places.of(id);
    await stand.restart(async () => {
      writeFileSync(`${rootfs}/tmp/go`, "");
      await stand.until(() => existsSync(`${stand.containers.room.places.exits}/${id}`));
    });
    await stand.until(async () => (await stand.inspect(id)).State.Status === "exited");
    expect((await stand.inspect(id)).State.ExitCode).toBe(11);
    expect((await readMountTable()).some(({ target }) => target === rootfs)).toBe(false);
    expect(existsSync(bundle)).toBe(false);
  });

  it("starts what should run, and leaves alone what was stopped by a call", async () => {
    const policy = (Name: string) => ({ HostConfig: { RestartPolicy: { Name } } });
    const always = await stand.create("sleep 100", policy("always"));
    const stopped = await stand.create("sleep 100", policy("unless-stopped"));
    await Promise.all([always, stopped].map((id) => calls().containerStart({ id })));
    await Promise.all([always, stopped].map((id) => calls().containerStop({ id, t: 0 })));
    await stand.restart();
    expect((await stand.inspect(always)).State.Status).toBe("running");
    expect((await stand.inspect(stopped)).State.Status).toBe("exited");
  });

  it("does not start what was only created, whatever its policy", async () => {
    const id = await stand.create("sleep 100", { HostConfig: { RestartPolicy: { Name: "always" } } });
    await stand.restart();
    expect((await stand.inspect(id)).State.Status).toBe("created");
  });

  it("freezes and lets go as the records say, where a pause or a commit was cut off", async () => {
    const [held, free] = [await stand.create("sleep 100"), await stand.create("sleep 100")];
    await Promise.all([held, free].map((id) => calls().containerStart({ id })));
    await calls().containerPause({ id: held });
    const { host, runtime } = stand.containers.room;
    const frozen = (id: string) => isFrozen(host.cgroups, cgroupPath(id, {}));
    await stand.restart(async () => {
      await runtime.resume(held);
      await runtime.pause(free);
    });
    expect([await frozen(held), await frozen(free)]).toEqual([true, false]);
    expect((await stand.inspect(held)).State.Status).toBe("paused");
  });

  it("takes exit codes away that nobody asks for any more", async () => {
    const { exits } = stand.containers.room.places;
    const left = `${exits}/${"0".repeat(64)}`;
    await stand.restart(async () => writeFileSync(left, "0"));
    expect(existsSync(left)).toBe(false);
  });

  it.each(["its own", "an adopted"])("kills %s container whose monitor is gone, and says 255", async (whose) => {
    const id = await stand.create("sleep 100");
    await calls().containerStart({ id });
    if (whose === "an adopted") await stand.restart();
    const { state } = stand.containers.room.registry.find(id).record;
    const over = calls().containerWait({ id });
    process.kill(state.run?.monitor?.pid ?? Number.NaN, "SIGKILL");
    expect(await over).toEqual({ StatusCode: 255 });
    expect(await identify(state.run?.process?.pid ?? 0, "")).toBeUndefined();
  });

  it("keeps names, and finishes removals that were begun", async () => {
    const id = await stand.create("true", {}, "gantry-kept");
    const doomed = await stand.create("true", {}, "gantry-doomed");
    await stand.containers.room.registry
      .find(doomed)
      .save((record) => ({ ...record, phase: "removing" }), { sync: true });
    await stand.restart();
    expect((await stand.inspect("gantry-kept")).Id).toBe(id);
    await expect(stand.inspect(doomed)).rejects.toMatchObject({ status: 404 });
    expect(existsSync(stand.containers.room.places.of(doomed).folder)).toBe(false);
  });
});
