import { expect, it } from "vitest";
import { complete, type Sources } from "../../src/commands/complete.ts";

const sources: Sources = {
  services: async () => ["db", "web", "worker"],
  profiles: async () => ["debug"],
  projects: async () => ["shop"],
};

async function values(...words: readonly string[]): Promise<readonly string[]> {
  return (await complete(words, sources)).values.map(([value]) => value);
}

it("completes verbs, and the verbs of a topic", async () => {
  expect(await values("re")).toEqual(["restart"]);
  expect(await values("alpha", "v")).toEqual(["viz"]);
  expect(await values("-p", "shop", "sta")).toEqual(["start", "stats"]);
});

it("completes flags, of the verb and the global ones, and not the hidden ones", async () => {
  expect(await values("up", "--no-b")).toEqual(["--no-build"]);
  expect(await values("up", "--proj")).toEqual(["--project-directory", "--project-name"]);
  expect(await values("up", "--verb")).toEqual([]);
});

it("completes names of services, each once", async () => {
  expect(await values("up", "w")).toEqual(["web", "worker"]);
  expect(await values("logs", "-f", "web", "")).toEqual(["db", "worker"]);
  expect(await values("exec", "")).toEqual(["db", "web", "worker"]);
  expect(await values("exec", "web", "")).toEqual([]);
});

it("completes the values of flags", async () => {
  expect(await values("up", "--pull", "")).toEqual(["always", "missing", "never", "policy"]);
  expect(await values("up", "--attach", "d")).toEqual(["db"]);
  expect(await values("--profile", "")).toEqual(["debug"]);
  expect(await values("-p", "")).toEqual(["shop"]);
  expect(await values("up", "--scale", "we")).toEqual(["web="]);
  expect(await complete(["-f", ""], sources)).toEqual({ values: [], files: true });
});
