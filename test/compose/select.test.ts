import { describe, expect, it } from "vitest";
import type { ProjectModel } from "../../src/compose/model.ts";
import { applyProfiles, pruneResources, select } from "../../src/compose/select.ts";
import { ProjectError } from "../../src/errors.ts";
import { project } from "./project.ts";

const shop = project(`services:
  db: {image: a}
  cache: {image: a, profiles: [fast]}
  web: {image: a, depends_on: [db]}
  worker: {image: a, depends_on: {db: {condition: service_started}, cache: {condition: service_started, required: false}}}
  debug: {image: a, profiles: [debug, trace], depends_on: [web]}
  shell: {image: a, profiles: [debug]}
`).project;

const services = (model: ProjectModel) => [...model.services.keys()].join(" ");
const disabled = (model: ProjectModel) => [...model.disabled_services.keys()].join(" ");
const base = applyProfiles(shop, []);

describe("profiles", () => {
  it.each([
    [[], "db web worker", "cache debug shell"],
    [["fast"], "db cache web worker", "debug shell"],
    [["trace"], "db web worker debug", "cache shell"],
    [["*"], "db cache web worker debug shell", ""],
    [["unknown"], "db web worker", "cache debug shell"],
  ])("%j enable %s", (profiles, enabled, others) => {
    const model = applyProfiles(shop, profiles);
    expect([services(model), disabled(model)]).toEqual([enabled, others]);
  });
});

describe("a selection of services", () => {
  it("without names is everything that is enabled", () => {
    expect(select(base, [], { dependencies: true })).toBe(base);
  });

  it("brings dependencies along", () => {
    expect(services(select(base, ["web"], { dependencies: true }))).toBe("db web");
  });

  it("leaves dependencies out when asked, and forgets about them", () => {
    const model = select(base, ["web"], { dependencies: false });
    expect(services(model)).toBe("web");
    expect(disabled(model)).toBe("db worker cache debug shell");
    expect(model.services.get("web")?.depends_on).toBeUndefined();
  });

  it("does without an optional dependency that is disabled", () => {
    const model = select(base, ["worker"], { dependencies: true });
    expect(services(model)).toBe("db worker");
    expect([...(model.services.get("worker")?.depends_on?.keys() ?? [])]).toEqual(["db"]);
  });

  it("enables a service that is named although its profile is not active", () => {
    expect(services(select(base, ["shell"], { dependencies: true }))).toBe("shell");
    expect(services(select(base, ["debug"], { dependencies: true }))).toBe("db web debug");
  });

  it.each([
    ["w*", "db web worker"],
    ["?b", "db"],
    ["[a-d]*", "db"],
    ["[^w]*", "db"],
    ["w\\eb", "db web"],
  ])("%s is a pattern for %s", (pattern, names) => {
    expect(services(select(base, [pattern], { dependencies: true }))).toBe(names);
  });

  it("refuses names that no service has, all at once and with the nearest one", () => {
    try {
      select(base, ["wbe", "x*"], { dependencies: true });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ProjectError);
      const found = error instanceof ProjectError ? error.diagnostics : [];
      expect(found.map(({ message, hint }) => [message, hint])).toEqual([
        ["no such service: wbe", 'did you mean "web"?'],
        ["no such service: x*", undefined],
      ]);
    }
  });

  it("refuses a required dependency that is not enabled", () => {
    const model = applyProfiles(
      project("services: {a: {image: x, depends_on: [b]}, b: {image: x, profiles: [p]}}").project,
      [],
    );
    expect(() => select(model, ["a"], { dependencies: true })).toThrow("no such service: b");
  });
});

describe("resources", () => {
  it("that no enabled service uses are dropped", () => {
    const { project: model } = project(`services:
  web:
    image: a
    networks: [n]
    volumes: ["data:/d", {type: bind, source: unused, target: /u}]
    secrets: [s]
    configs: [c]
    models: [m]
    build: {context: ., secrets: [b]}
  off: {image: a, profiles: [p], volumes: ["old:/o"]}
networks: {n: , unused: }
volumes: {data: , old: , unused: }
secrets: {s: {file: f}, b: {file: f}, unused: {file: f}}
configs: {c: {file: f}, unused: {file: f}}
models: {m: {model: x}, unused: {model: x}}`);
    const pruned = pruneResources(applyProfiles(model, []));
    const kept = [pruned.networks, pruned.volumes, pruned.secrets, pruned.configs, pruned.models];
    expect(kept.map((resources) => [...resources.keys()].join(" "))).toEqual(["n", "data", "s b", "c", "m"]);
  });
});
