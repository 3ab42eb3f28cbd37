import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fetchRepository } from "../../../src/commands/remote/repository.ts";
import { parseRemote } from "../../../src/compose/remote.ts";

const root = mkdtempSync(join(tmpdir(), "gantry-git-"));
const environment = new Map([
  ["PATH", process.env.PATH ?? ""],
  ["HOME", root],
  // As in a hook: gantry's own git must not be led astray by it.
  ["GIT_DIR", join(root, "elsewhere")],
]);
const requests: string[] = [];
let server: Server;
let url: string;
let cache: string;
let commits: { first: string; second: string };

beforeAll(async () => {
  const work = join(root, "work");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: work, encoding: "utf8" }).trim();
  mkdirSync(join(work, "sub"), { recursive: true });
  git("init", "-q", "-b", "main");
  writeFileSync(join(work, "compose.yaml"), "services: {first: {image: a}}");
  writeFileSync(join(work, "sub/compose.yaml"), "services: {sub: {image: a}}");
  git("add", "-A");
  git("commit", "-qm", "first");
  git("tag", "-a", "-m", "annotated", "v1");
  git("branch", "feature/x");
  writeFileSync(join(work, "compose.yaml"), "services: {second: {image: a}}");
  git("commit", "-qam", "second");
  commits = { first: git("rev-parse", "v1^{commit}"), second: git("rev-parse", "main") };
  git("clone", "-q", "--bare", ".", join(root, "served/shop.git"));
  server = createServer(serveGit);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/shop.git`;
});
beforeEach(() => {
  requests.length = 0;
  cache = mkdtempSync(join(root, "cache-"));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true, force: true });
});

/** Git's own server program, behind HTTP. */
function serveGit(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? "", "http://localhost");
  requests.push(`${request.method} ${pathname}`);
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH ?? "",
      GIT_PROJECT_ROOT: join(root, "served"),
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method ?? "",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk) => chunks.push(chunk));
  backend.on("close", () => {
    const answer = Buffer.concat(chunks);
    const end = answer.indexOf("\r\n\r\n");
    const headers = answer
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(/: (.*)/s, 2));
    response.statusCode = Number(Object.fromEntries(headers).Status?.split(" ")[0] ?? 200);
    for (const [name = "", value = ""] of headers) if (name !== "Status") response.setHeader(name, value);
    response.end(answer.subarray(end + 4));
  });
}

async function fetched(fragment: string): Promise<string> {
  const reference = parseRemote(`${url}${fragment}`);
  if (reference?.kind !== "git") throw new Error("no git reference");
  return fetchRepository(reference, cache, environment);
}

describe("a git repository", () => {
  it.each([
    ["", "second"],
    ["#main", "second"],
    ["#v1", "first"],
    ["#feature/x", "first"],
    ["#refs/heads/main", "second"],
  ])("is fetched at %j", async (fragment, service) => {
    const directory = await fetched(fragment);
    expect(readFileSync(join(directory, "compose.yaml"), "utf8")).toContain(service);
    expect(readdirSync(directory).sort()).toEqual(["compose.yaml", "sub"]);
  });

  it("is fetched at a commit, and then never again", async () => {
    const directory = await fetched(`#${commits.first}`);
    expect(readFileSync(join(directory, "compose.yaml"), "utf8")).toContain("first");
    requests.length = 0;
    expect(await fetched(`#${commits.first}`)).toBe(directory);
    expect(requests).toEqual([]);
    expect(await fetched("#v1")).toBe(directory);
    expect(requests.every((request) => !request.startsWith("POST") || request.endsWith("git-upload-pack"))).toBe(true);
  });

  it("is one entry when it is fetched twice at the same time", async () => {
    const both = await Promise.all([fetched("#v1"), fetched("#v1")]);
    expect(new Set(both).size).toBe(1);
    expect(readdirSync(cache).length).toBe(1);
  });

  it.each([
    ["#nosuch", 'no branch or tag "nosuch"'],
    [`#${"0".repeat(40)}`, "cannot be fetched"],
  ])("that lacks %s leaves nothing in the cache", async (fragment, why) => {
    await expect(fetched(fragment)).rejects.toThrow(why);
    expect(readdirSync(cache)).toEqual([]);
  });

  it("is not asked for a password", async () => {
    const closed = createServer((_, response) => {
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end();
    });
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    const reference = parseRemote(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/a.git`);
    if (reference?.kind !== "git") throw new Error("no git reference");
    await expect(fetchRepository(reference, cache, environment)).rejects.toThrow(
      /terminal prompts disabled|could not read/,
    );
    await new Promise((resolve) => closed.close(resolve));
  });

  it("is never a program to run", async () => {
    const reference = { kind: "git", text: "x", url: `ext::sh -c "touch ${root}/ran"`, path: "" } as const;
    await expect(fetchRepository(reference, cache, environment)).rejects.toThrow("cannot be fetched");
    expect(readdirSync(root)).not.toContain("ran");
  });

  it("says so where git is not installed", async () => {
    const reference = { kind: "git", text: "x", url, path: "" } as const;
    await expect(fetchRepository(reference, cache, new Map([["PATH", root]]))).rejects.toThrow("git is not installed");
  });
});
