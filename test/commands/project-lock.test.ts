import { randomBytes } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { lockProject, tryLock } from "../../src/commands/project-lock.ts";
import { connect } from "../../src/engine/client.ts";

const engine = connect({ kind: "unix", path: "/nowhere.sock", url: "unix:///nowhere.sock" });

afterEach(() => {
  vi.restoreAllMocks();
});

/** Takes what is written to stderr. */
function hear(): { readonly said: Promise<string> } {
  const said = Promise.withResolvers<string>();
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said.resolve(String(text));
    return true;
  });
  return { said: said.promise };
}

function someProject() {
  return { engine, name: `lock${randomBytes(4).toString("hex")}` };
}

it("lets the second wait for the first, and says for whom", async () => {
  const project = someProject();
  const { said } = hear();
  const first = await lockProject(project, "up");
  const second = lockProject(project, "down");
  expect(await said).toMatch(
    new RegExp(
      `^waiting for "gantry up" \\(process ${process.pid}, since [\\d:]{8}\\), which works on project "${project.name}"\n$`,
    ),
  );
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
});

it("lets only one go on at a time", async () => {
  const project = someProject();
  hear();
  let inside = 0;
  const most: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      await using _ = await lockProject(project, "up");
      most.push(++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    }),
  );
  expect(most).toEqual(Array(8).fill(1));
});

it("is refused to who does not want to wait", async () => {
  const project = someProject();
  const first = await tryLock(project, "up");
  expect(await tryLock(project, "up")).toBeUndefined();
  await first?.[Symbol.asyncDispose]();
  const second = await tryLock(project, "up");
  expect(second).toBeDefined();
  await second?.[Symbol.asyncDispose]();
});

it("is no business of other projects", async () => {
  await using _first = await lockProject(someProject(), "up");
  await using _second = await lockProject(someProject(), "up");
});

it("gives up waiting when it is told to", async () => {
  const project = someProject();
  const { said } = hear();
  await using _ = await lockProject(project, "up");
  const over = new AbortController();
  const second = lockProject(project, "up", over.signal);
  await said;
  over.abort(new Error("interrupted"));
  await expect(second).rejects.toThrow("interrupted");
});
