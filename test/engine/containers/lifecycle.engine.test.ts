import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStand, type Stand } from "./stand.ts";

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

const calls = () => stand.containers.calls;
const actionsOf = (id: string) => stand.events.filter(({ Actor }) => Actor.ID === id).map(({ Action }) => Action);

describe("a container's life", () => {
  it("runs its command, and tells what it wrote and how it ended", async () => {
    const { id, code, output } = await stand.run("echo out; echo err >&2; exit 7");
    expect({ code, output }).toEqual({ code: 7, output: expect.stringContaining("out\n") });
    expect(output).toContain("err\n");
    const { State } = await stand.inspect(id);
    expect(State).toMatchObject({ Status: "exited", Running: false, ExitCode: 7, Pid: 0, OOMKilled: false });
    expect(actionsOf(id)).toEqual(["create", "start", "die"]);
  });

  it("stops on its stop signal, and is killed when it does not comply in time", async () => {
    const polite = await stand.create("trap 'exit 3' TERM; echo ready; while true; do sleep 0.01; done");
    await calls().containerStart({ id: polite });
    await stand.until(() => stand.log(polite).includes("ready"));
    await calls().containerStop({ id: polite, t: 20 });
    expect((await stand.inspect(polite)).State.ExitCode).toBe(3);
    expect(actionsOf(polite)).toEqual(["create", "start", "kill", "die", "stop"]);

    const deaf = await stand.create("trap '' TERM; while true; do sleep 1; done");
    await calls().containerStart({ id: deaf });
    await calls().containerStop({ id: deaf, t: 0 });
    expect((await stand.inspect(deaf)).State.ExitCode).toBe(137);
  });

  it("says that there was nothing to do where it runs, or has stopped, already", async () => {
    const id = await stand.create("sleep 100");
    let unchanged = 0;
    const options = { unchanged: () => unchanged++ };
    await calls().containerStop({ id }, options);
    await calls().containerStart({ id }, options);
    await calls().containerStart({ id }, options);
    expect(unchanged).toBe(2);
    await calls().containerRemove({ id, force: true });
    await expect(calls().containerStart({ id })).rejects.toMatchObject({
      status: 404,
      message: `No such container: ${id}`,
    });
  });

  it("is paused and goes on", async () => {
    const id = await stand.create("sleep 100");
    await calls().containerStart({ id });
    await calls().containerPause({ id });
    expect((await stand.inspect(id)).State).toMatchObject({ Status: "paused", Running: true, Paused: true });
    await calls().containerUnpause({ id });
    expect((await stand.inspect(id)).State.Status).toBe("running");
    await calls().containerPause({ id });
    await calls().containerRemove({ id, force: true });
    expect(actionsOf(id)).toEqual(["create", "start", "pause", "unpause", "pause", "kill", "die", "destroy"]);
  });

  it("cannot be removed while it runs, unless by force", async () => {
    const id = await stand.create("sleep 100", {}, "gantry-stubborn");
    await calls().containerStart({ id });
    await expect(calls().containerRemove({ id })).rejects.toMatchObject({
      status: 409,
      message:
        'cannot remove container "/gantry-stubborn": container is running: stop the container before removing or force remove',
    });
    await calls().containerRemove({ id, force: true });
  });

  it("goes by itself at its end where that is asked for, and whoever waits for that hears of it", async () => {
    const id = await stand.create("exit 4", { HostConfig: { AutoRemove: true } });
    let accepted = false;
    const gone = calls().containerWait({ id, condition: "removed" }, { accepted: () => (accepted = true) });
    expect(accepted).toBe(true);
    await calls().containerStart({ id });
    expect(await gone).toEqual({ StatusCode: 4 });
    await expect(stand.inspect(id)).rejects.toMatchObject({ status: 404 });
  });

  it("is started again by its policy as often as that says", async () => {
    const HostConfig = { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } };
    const id = await stand.create("echo again; exit 5", { HostConfig });
    await calls().containerStart({ id });
    await stand.until(async () => (await stand.inspect(id)).State.Status === "exited");
    expect((await stand.inspect(id)).RestartCount).toBe(2);
    expect(stand.log(id)).toBe("again\nagain\nagain\n");
    // The state is there first, then it is told.
    await stand.until(() => actionsOf(id).length >= 7);
    expect(actionsOf(id)).toEqual(["create", "start", "die", "start", "die", "start", "die"]);
  });

  it("says 127 and why for a program that is not there, 126 for one that cannot be executed", async () => {
    const missing = await stand.create("", { Cmd: ["nope"] });
    await expect(calls().containerStart({ id: missing })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('exec: "nope": executable file not found in $PATH'),
    });
    expect((await stand.inspect(missing)).State).toMatchObject({ Status: "created", ExitCode: 127 });
    const text = await stand.create("", { Cmd: ["/etc/passwd"] });
    await expect(calls().containerStart({ id: text })).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/permission denied/i),
    });
    expect((await stand.inspect(text)).State.ExitCode).toBe(126);
  });

  it("keeps a name to itself", async () => {
    const id = await stand.create("true", {}, "gantry-one");
    await expect(stand.create("true", {}, "gantry-one")).rejects.toMatchObject({
      status: 409,
      message: `Conflict. The container name "/gantry-one" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
    });
    await calls().containerRename({ id, name: "gantry-two" });
    expect((await stand.inspect("gantry-two")).Name).toBe("/gantry-two");
    await stand.create("true", {}, "gantry-one");
    expect((await calls().containerList({ all: true, filters: { name: ["gantry-t"] } })).map(({ Id }) => Id)).toEqual([
      id,
    ]);
  });
});
