import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAddress } from "../../src/engine/address.ts";
import type { ContainerCreateBody } from "../../src/engine/api.ts";
import { packFiles } from "../../src/engine/build-context.ts";
import { connect, type EngineClient } from "../../src/engine/client.ts";
import { InterruptedError } from "../../src/errors.ts";
import { type Draft, draft } from "../../src/reconcile/draft.ts";
import { type ExecuteOptions, execute } from "../../src/reconcile/execute.ts";
import { labels } from "../../src/reconcile/labels.ts";
import type { Outcome, PlanEvent, Step, WaitCondition } from "../../src/reconcile/plan.ts";
import { StepError } from "../../src/reconcile/step-error.ts";
import { collect, engineUrls, makeImage, missing, removeAll, testImage, testLabel } from "../engine/engines.ts";

const idle = "trap 'exit 0' TERM INT; while :; do sleep 1000 & wait $!; done";

describe.each(engineUrls)("a plan carried out on %s", async (url) => {
  const reason = await missing(url);
  if (reason !== undefined) {
    it.skip(`left out: ${reason}`, () => {});
    return;
  }
  const engine: EngineClient = connect(parseAddress(url));
  beforeAll(() => makeImage(engine));
  afterAll(async () => {
    await removeAll(engine);
    engine.close();
  });

  /** A plan that is written step by step, with names of its own. */
  function writePlan() {
    const project = `gx${randomBytes(4).toString("hex")}`;
    const steps: Draft = draft(project);
    const subject = (name: string) => ({ kind: "container", name: `${project}-${name}`, service: name }) as const;
    const create = (name: string, script: string, more: ContainerCreateBody = {}, rest: Partial<CreateStep> = {}) => {
      const own = { ...testLabel, [labels.project]: project };
      const body = { Image: testImage, Cmd: ["sh", "-c", script], Labels: own, ...more };
      const named = { name: `${project}-${name}`, subject: subject(name), why: "test" };
      return steps.add({ op: "create-container", body, files: [], connect: [], after: [], ...named, ...rest });
    };
    const start = (name: string, createdBy: number, after: readonly number[] = []) =>
      steps.add({
        op: "start-container",
        container: { createdBy },
        subject: subject(name),
        why: "test",
        after: [createdBy, ...after],
      });
    const wait = (name: string, createdBy: number, condition: WaitCondition, after: number, more: object = {}) =>
      steps.add({
        op: "wait-container",
        container: { createdBy },
        condition,
        subject: subject(name),
        why: "test",
        after: [after],
        ...more,
      });
    const carryOut = async (options: Partial<ExecuteOptions> = {}) => {
      const events: PlanEvent[] = [];
      const outcome = await execute(steps.plan(), {
        engine,
        build: () => Promise.reject(new Error("nothing is built here")),
        packFiles,
        authFor: async () => undefined,
        runProvider: () => Promise.reject(new Error("nothing is provided here")),
        prepareModel: () => Promise.reject(new Error("there is no model here")),
        emit: (event) => events.push(event),
        ...options,
      });
      return { ...outcome, events };
    };
    return { project, steps, subject, create, start, wait, carryOut };
  }
  type CreateStep = Extract<Step, { op: "create-container" }>;

  const stateOf = async (id: string | undefined) => (await engine.containerInspect({ id: id ?? "" })).State.Status;
  const messagesOf = ({ errors }: Outcome) => errors.map(({ step, error }) => `${step.id}: ${error.message}`);
  /** `4 skipped`, in the order of time, without the beginnings. */
  const endsOf = (events: readonly PlanEvent[]) =>
    events.flatMap(({ type, step }) => (type === "started" || type === "progress" ? [] : [`${step.id} ${type}`]));

  it("skips what depends on a failed step, carries out everything else, and tells every error", async () => {
    const { create, start, carryOut } = writePlan();
    const bad = create("bad", idle, { Image: "gantry-no-such-image:1" });
    start("bad", bad);
    const good = create("good", idle);
    start("good", good);
    const worse = create("worse", idle, { Image: "gantry-no-such-image:2" });
    const last = start("worse", worse, [2]);

    const outcome = await carryOut();

    expect(outcome.ok).toBe(false);
    expect(await stateOf(outcome.created.get(good))).toBe("running");
    expect(messagesOf(outcome)).toEqual([
      expect.stringMatching(/^1: .*gantry-no-such-image:1/),
      expect.stringMatching(/^5: .*gantry-no-such-image:2/),
    ]);
    expect(endsOf(outcome.events).sort()).toEqual([
      "1 failed",
      "2 skipped",
      "3 succeeded",
      "4 succeeded",
      "5 failed",
      `${last} skipped`,
    ]);
  });

  it("goes on after an optional step that failed", async () => {
    const { steps, create, start, carryOut } = writePlan();
    const subject = { kind: "network", name: "none" } as const;
    const gone = steps.add({
      op: "connect-network",
      network: "gantry-no-such-network",
      container: { id: "gantry-no-such-container" },
      endpoint: {},
      subject,
      why: "test",
      after: [],
      optional: true,
    });
    const created = create("web", idle, {}, { after: [gone] });
    start("web", created);

    const outcome = await carryOut();

    expect(outcome.ok).toBe(true);
    expect(endsOf(outcome.events)[0]).toBe("1 failed");
    expect(await stateOf(outcome.created.get(created))).toBe("running");
  });

  it("keeps to the bound of --parallel, which waits do not count for", async () => {
    const { create, start, wait, carryOut } = writePlan();
    const slow = create("slow", idle, { Healthcheck: { Test: ["CMD", "sh", "-c", "true"], Interval: 200_000_000 } });
    const first = start("slow", slow);
    wait("slow", slow, "healthy", first);
    for (const name of ["a", "b", "c", "d"]) start(name, create(name, idle));
    let calls = 0;
    let most = 0;

    const outcome = await carryOut({
      parallel: 2,
      emit: ({ type, step }) => {
        if (step.op === "wait-container") return;
        if (type === "started") most = Math.max(most, ++calls);
        else if (type === "succeeded") calls--;
      },
    });

    expect(outcome.ok).toBe(true);
    expect(most).toBe(2);
  });

  it("waits until a container is healthy before what depends on it starts", async () => {
    const { create, start, wait, carryOut } = writePlan();
    const test = ["CMD", "sh", "-c", "[ -e /ready ]"];
    const db = create("db", `(: > /ready) & ${idle}`, { Healthcheck: { Test: test, Interval: 100_000_000 } });
    const healthy = wait("db", db, "healthy", start("db", db));
    const web = create("web", idle);
    const begin = start("web", web, [healthy]);

    const { ok, events } = await carryOut();

    expect(ok).toBe(true);
    expect(endsOf(events).slice(-2)).toEqual([`${healthy} succeeded`, `${begin} succeeded`]);
  });

  it("tells the last lines of a container that ended instead", async () => {
    const { create, start, wait, carryOut, project } = writePlan();
    const db = create("db", "echo no room; exit 3", { Healthcheck: { Test: ["CMD", "true"] } });
    wait("db", db, "healthy", start("db", db));

    const { errors } = await carryOut();

    const [{ error } = { error: undefined }] = errors;
    expect(error?.message).toBe(`dependency failed to start: container ${project}-db exited (3)`);
    expect(error).toBeInstanceOf(StepError);
    expect((error as StepError).evidence).toEqual([{ title: `last log lines of ${project}-db`, lines: ["no room"] }]);
  });

  it.each([
    ["true", "completed", "met"],
    ["exit 4", "completed", `service "job" didn't complete successfully: exit 4`],
    ["true", "running_or_healthy", "met"],
    ["exit 4", "running_or_healthy", "container PROJECT-job exited (4)"],
    [idle, "running_or_healthy", "met"],
    [idle, "healthy", "dependency failed to start: container PROJECT-job has no healthcheck configured"],
  ] as const)("judges a container that runs %j by %s: %s", async (script, condition, expected) => {
    const { create, start, wait, carryOut, project } = writePlan();
    const job = create("job", script);
    const done = wait("job", job, "completed", start("job", job), { optional: true });
    wait("job", job, condition, script === idle ? done - 1 : done);
    const signal = new AbortController();

    const { errors } = await carryOut({
      signal: signal.signal,
      emit: ({ type, step }) => {
        // The wait for an end that never comes is given up when the other one is over.
        if (type !== "started" && step.id === done + 1) signal.abort(new InterruptedError());
      },
    });

    const judged = errors.filter(({ step }) => step.id !== done).map(({ error }) => error.message);
    expect(judged).toEqual(expected === "met" ? [] : [expected.replace("PROJECT", project)]);
  });

  it("gives up a wait when its time is over", async () => {
    const { create, start, wait, carryOut, project } = writePlan();
    const db = create("db", idle, { Healthcheck: { Test: ["CMD", "false"], Interval: 1e9, Retries: 1000 } });
    wait("db", db, "healthy", start("db", db), { timeout: 50 });

    expect(messagesOf(await carryOut())).toEqual([
      `3: application not healthy after 0.05s: ${project}-db is still waited for`,
    ]);
  });

  it("ends a wait when its container is removed", async () => {
    const { create, start, wait, carryOut, project } = writePlan();
    const db = create("db", idle, { Healthcheck: { Test: ["CMD", "false"], Interval: 1e9, Retries: 1000 } });
    const healthy = wait("db", db, "healthy", start("db", db));

    const outcome = await carryOut({
      emit: ({ type, step }) => {
        if (type !== "started" || step.id !== healthy) return;
        void engine.containerRemove({ id: `${project}-db`, force: true });
      },
    });

    // The engine calls a container unhealthy while it kills it.
    expect(messagesOf(outcome)[0]).toMatch(/exited \(137\)|was removed while it was waited for|is unhealthy/);
  });

  it("begins nothing new once it is interrupted, and ends its waits", async () => {
    const { create, start, wait, carryOut } = writePlan();
    const db = create("db", idle, { Healthcheck: { Test: ["CMD", "false"], Interval: 1e9, Retries: 1000 } });
    const healthy = wait("db", db, "healthy", start("db", db));
    const web = create("web", idle, {}, { after: [healthy] });
    start("web", web);
    const interrupt = new AbortController();
    const events: PlanEvent[] = [];

    const { ok, created, errors } = await carryOut({
      signal: interrupt.signal,
      emit: (event) => {
        events.push(event);
        if (event.type === "started" && event.step.id === healthy) interrupt.abort(new InterruptedError());
      },
    });

    expect(ok).toBe(false);
    expect(created.has(web)).toBe(false);
    expect(errors.map(({ error }) => error.name)).toEqual(["InterruptedError"]);
    expect(endsOf(events).slice(-3)).toEqual(["3 failed", "4 skipped", "5 skipped"]);
  });

  it("writes files into a container before it starts, and shares a namespace with one that it has just made", async () => {
    const { create, start, wait, carryOut } = writePlan();
    const parent = create(
      "parent",
      "hostname; cat /run/secrets/word; ls -ln /run/secrets/word",
      {},
      {
        files: [{ path: "/run/secrets/word", content: "hush", uid: 12, gid: 34, mode: 0o440 }],
      },
    );
    const began = start("parent", parent);
    const ended = wait("parent", parent, "completed", began);
    const child = create(
      "child",
      "true",
      { HostConfig: { PidMode: `container:{step ${parent}}` } },
      { after: [parent] },
    );

    const { ok, created } = await carryOut();

    expect(ok).toBe(true);
    expect(ended).toBeGreaterThan(0);
    const logs = await engine.containerLogs({ id: created.get(parent) ?? "", tty: false, stdout: true, stderr: true });
    expect((await collect(logs)).stdout).toMatch(/hush-r--r----- +1 12 +34 /);
    const { HostConfig } = await engine.containerInspect({ id: created.get(child) ?? "" });
    expect(HostConfig.PidMode).toBe(`container:${created.get(parent)}`);
  });

  it("runs hooks, and shows what one that failed had to say", async () => {
    const { steps, create, start, carryOut, subject, project } = writePlan();
    const web = create("web", idle);
    const began = start("web", web);
    const hook = (script: string, env: readonly string[], after: number) =>
      steps.add({
        op: "run-hook",
        container: { createdBy: web },
        hook: { phase: "post_start", command: ["sh", "-c", script], env, working_dir: "/bin" },
        subject: subject("web"),
        why: "post_start",
        after: [after],
      });
    const good = hook('[ "$A" = 1 ] && [ "$(pwd)" = /bin ]', ["A=1"], began);
    hook("echo first; echo second >&2; exit 5", [], good);

    const { errors, events } = await carryOut();

    expect(endsOf(events)).toContain(`${good} succeeded`);
    const [{ error } = { error: undefined }] = errors;
    expect(error?.message).toBe(`post_start hook of ${project}-web exited with code 5`);
    expect((error as StepError).evidence[0]?.lines.toSorted()).toEqual(["first", "second"]);
  });

  it("counts what is gone already as removed", async () => {
    const { steps, carryOut } = writePlan();
    const container = { id: "gantry-no-such-container" };
    const subject = { kind: "container", name: "gone", service: "gone" } as const;
    const stop = steps.add({ op: "stop-container", container, subject, why: "test", after: [] });
    steps.add({ op: "remove-container", container, volumes: true, subject, why: "test", after: [stop] });
    const network = { kind: "network", name: "gone" } as const;
    steps.add({ op: "remove-network", network: "gantry-no-such", subject: network, why: "test", after: [] });
    const volume = { kind: "volume", name: "gone" } as const;
    steps.add({ op: "remove-volume", volume: "gantry-no-such", subject: volume, why: "test", after: [] });
    const image = { kind: "image", name: "gone" } as const;
    steps.add({ op: "remove-image", reference: "gantry-no-such:1", subject: image, why: "test", after: [] });

    expect(messagesOf(await carryOut())).toEqual([]);
  });
});
