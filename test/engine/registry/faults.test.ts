import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RegistryAuth } from "../../../src/engine/api.ts";
import { fetchBlob } from "../../../src/engine/registry/fetch-blob.ts";
import { plainOptions, type RegistryOptions } from "../../../src/engine/registry/hosts.ts";
import { openRegistry } from "../../../src/engine/registry/open-registry.ts";
import { readManifest } from "../../../src/engine/registry/read-manifest.ts";
import { upload } from "../../../src/engine/registry/upload.ts";
import { digestOf, type FakeRegistry, fail, startFakeRegistry } from "./fake-registry.ts";

let registry: FakeRegistry;
const bytes = Buffer.alloc(200_000, "some bytes ");
const digest = digestOf(bytes);
const quick: RegistryOptions = { ...plainOptions, pause: 1, patience: 200 };
beforeEach(async () => {
  registry = await startFakeRegistry();
  registry.blobs.set(digest, bytes);
});
afterEach(() => registry.stop());

const user: RegistryAuth = { username: "user", password: "pass" };

function open({
  auth,
  options = quick,
  signal,
}: {
  auth?: RegistryAuth;
  options?: RegistryOptions;
  signal?: AbortSignal;
} = {}) {
  return openRegistry(registry.host, { options, auth, signal });
}

async function pullBlob(how: Parameters<typeof open>[0] = {}): Promise<Buffer> {
  const signal = how.signal ?? new AbortController().signal;
  const chunks: Buffer[] = [];
  for await (const chunk of fetchBlob(open(how), "it", { digest, size: bytes.length }, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function pushBlob(how: Parameters<typeof open>[0] = {}, others: readonly string[] = []) {
  const content = { digest, size: bytes.length, read: (from: number) => bytes.subarray(from) };
  return upload(open(how), "it", content, others);
}

/** The message of what went wrong. */
async function why(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing went wrong",
    (error: Error) => error.message,
  );
}

const blobUrl = () => `http://${registry.host}/v2/it/blobs/${digest}`;
const lines = (part: RegExp) => registry.seen.filter(({ line }) => part.test(line)).length;

describe("a registry that fails while it is read", () => {
  it("and hangs is given up after a while, by its URL", async () => {
    registry.spoil = () => true;
    const message = await why(pullBlob());
    expect(message).toContain("nothing came for 0.2 seconds");
    expect(message).toContain(`${blobUrl()}`);
    expect(message).toContain("try again later");
  });

  it("and hangs in the middle is resumed", async () => {
    let hung = false;
    registry.spoil = ({ headers }, response) => {
      if (hung || headers.range !== undefined) return false;
      hung = true;
      response.writeHead(200, { "Content-Length": bytes.length }).write(bytes.subarray(0, 50_000));
      return true;
    };
    expect((await pullBlob()).equals(bytes)).toBe(true);
    expect(registry.seen.at(-1)?.headers.range).toMatch(/^bytes=[0-9]+-$/);
  });

  it("and always ends too early is given up, with how far it came", async () => {
    registry.spoil = (_, response) => {
      response.writeHead(200).end(bytes.subarray(0, 1000));
      return true;
    };
    expect(await why(pullBlob())).toBe(
      `${digest} of it did not come whole, although it was resumed 5 times: it ended after 1000 of ${bytes.length} bytes (${blobUrl()}); try again later`,
    );
  });

  it("with 500 is tried again, and then told as it is", async () => {
    let failures = 2;
    registry.spoil = (_, response) => failures-- > 0 && fail(response, 500, "UNKNOWN", "out of order");
    expect((await pullBlob()).equals(bytes)).toBe(true);
    registry.spoil = (_, response) => fail(response, 503, "UNAVAILABLE", "down for repair");
    registry.seen.length = 0;
    expect(await why(pullBlob())).toBe(
      `the registry does not give ${digest} of it: unavailable: down for repair (${blobUrl()}); try again later, or ask who runs it`,
    );
    expect(registry.seen.length).toBe(5);
  });

  it("and answers with a web page is known for what it is", async () => {
    registry.spoil = (_, response) => {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<html>please log in</html>");
      return true;
    };
    const reference = { registry: registry.host, repository: "it", tag: "1" };
    for (const work of [pullBlob(), readManifest(open(), reference)]) {
      const message = await why(work);
      expect(message).toMatch(/a web page.*a proxy or a log-in page may answer in its place/);
      expect(message).toContain(`http://${registry.host}/v2/it/`);
      expect(message).not.toContain("please");
    }
  });

  it("stops at once when nobody wants it any more", async () => {
    registry.spoil = () => true;
    const abort = new AbortController();
    const work = pullBlob({ options: plainOptions, signal: abort.signal });
    abort.abort();
    await expect(work).rejects.toMatchObject({ name: "AbortError" });
  });

  it("is told by name where it is not there at all", async () => {
    const nobody = openRegistry("localhost:1", { options: quick });
    expect(await why(readManifest(nobody, { registry: "localhost:1", repository: "it", tag: "1" }))).toBe(
      "the registry localhost:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1 (http://localhost:1/v2/it/manifests/1); check that it runs there",
    );
  });
});

describe("a registry that fails while it is written to", () => {
  it("takes a blob at once, and one that it has is not sent again", async () => {
    registry.blobs.clear();
    expect(await pushBlob()).toMatchObject({ how: "sent", digest });
    expect(registry.blobs.get(digest)?.equals(bytes)).toBe(true);
    expect(await pushBlob()).toMatchObject({ how: "exists", size: bytes.length });
    registry.spoil = ({ method }, response) => method === "HEAD" && fail(response, 404, "BLOB_UNKNOWN", "unknown");
    expect(await pushBlob({}, ["other"])).toMatchObject({ how: "mounted", from: "other" });
    expect(lines(/^(PUT|PATCH)/)).toBe(1);
  });

  it("and breaks off gets only the rest", async () => {
    registry.blobs.clear();
    let broken = false;
    registry.spoil = (request, response) => {
      if (request.method !== "PUT" || broken) return false;
      broken = true;
      const name = /upload-[0-9]+/.exec(request.url ?? "")?.[0] ?? "";
      request.once("data", (chunk: Buffer) => {
        registry.uploads.set(name, chunk);
        response.destroy();
      });
      return true;
    };
    expect(await pushBlob()).toMatchObject({ how: "sent" });
    expect(registry.blobs.get(digest)?.equals(bytes)).toBe(true);
    const patch = registry.seen.find(({ line }) => line.startsWith("PATCH"));
    expect(patch?.headers["content-range"]).toMatch(new RegExp(`^[1-9][0-9]*-${bytes.length - 1}$`));
  });

  it("and forgets an upload is sent all of it again", async () => {
    registry.blobs.clear();
    let lost = false;
    registry.spoil = (request, response) => {
      if (request.method !== "PUT" || lost) return false;
      lost = true;
      registry.uploads.clear();
      request.once("data", () => response.destroy());
      return true;
    };
    expect(await pushBlob()).toMatchObject({ how: "sent" });
    expect(registry.blobs.get(digest)?.equals(bytes)).toBe(true);
    expect(lines(/^POST/)).toBe(2);
  });

  it("and takes no more than so much at once gets it piece by piece", async () => {
    registry.blobs.clear();
    registry.spoil = ({ method, url = "" }, response) => {
      if (method !== "PUT" || !url.includes("/uploads/") || registry.seen.some(({ line }) => line.startsWith("PATCH")))
        return false;
      response.writeHead(413, { "Content-Type": "text/html", Connection: "close" }).end("<html>too large</html>");
      return true;
    };
    expect(await pushBlob()).toMatchObject({ how: "sent" });
    expect(registry.blobs.get(digest)?.equals(bytes)).toBe(true);
    expect(lines(/^PATCH/)).toBe(1);
  });

  it("is waited for where it says so, and told where it goes on failing", async () => {
    registry.blobs.clear();
    let busy = 2;
    registry.spoil = ({ method }, response) =>
      method === "PUT" && busy-- > 0 && fail(response, 429, "TOOMANYREQUESTS", "slow down", { "Retry-After": "0" });
    expect(await pushBlob()).toMatchObject({ how: "sent" });
    registry.blobs.clear();
    registry.spoil = ({ method }, response) => method === "PUT" && fail(response, 500, "UNKNOWN", "disk full");
    const message = await why(pushBlob());
    expect(message).toMatch(
      /^the registry does not take it: unknown: disk full \(http:\/\/localhost:[0-9]+\/v2\/it\/blobs\/uploads\/upload-[0-9]+\); try again later, or ask who runs it$/,
    );
    expect(message).not.toContain("s3cret");
  });

  it("and says that the bytes are others is believed", async () => {
    const content = { digest: digestOf("other"), size: bytes.length, read: () => bytes };
    expect(await why(upload(open(), "it", content))).toContain("digest invalid");
    expect(registry.blobs.has(digestOf("other"))).toBe(false);
  });
});

describe("tokens", () => {
  it("that run out in the middle are got anew, once for all who need them", async () => {
    let good = "";
    let given = 0;
    registry.spoil = ({ url = "", headers }, response) => {
      if (url.startsWith("/token")) {
        good = `t${++given}`;
        response.end(JSON.stringify({ token: good, expires_in: 3600 }));
        return true;
      }
      if (headers.authorization === `Bearer ${good}` && good !== "") return false;
      const challenge = `Bearer realm="http://${registry.host}/token",service="here"`;
      return fail(response, 401, "UNAUTHORIZED", "authentication required", { "WWW-Authenticate": challenge });
    };
    const client = open();
    const ask = () =>
      client.request({ method: "GET", path: `/v2/it/blobs/${digest}`, scope: { repository: "it", actions: ["pull"] } });
    expect((await ask()).status).toBe(200);
    good = "revoked";
    const statuses = await Promise.all([ask(), ask(), ask()]);
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(given).toBe(2);
  });

  it("that the registry never takes are not asked for again and again", async () => {
    registry.spoil = ({ url = "" }, response) =>
      !url.startsWith("/token") &&
      fail(response, 401, "UNAUTHORIZED", "no", { "WWW-Authenticate": `Bearer realm="http://${registry.host}/token"` });
    expect(await why(pullBlob({ auth: user }))).toContain("unauthorized: no");
    expect(lines(/\/token/)).toBe(1);
  });
});

describe("credentials", () => {
  it("are not given to whom the registry leads to, though that one asks", async () => {
    const elsewhere = await startFakeRegistry("basic");
    const thief = await startFakeRegistry();
    try {
      registry.spoil = ({ url }, response) => {
        response.writeHead(307, { Location: `http://${elsewhere.host}${url}?signature=s3cret` }).end();
        return true;
      };
      const message = await why(pullBlob({ auth: user }));
      expect(message).toContain(`http://${elsewhere.host}/v2/it/blobs/`);
      expect(message).not.toContain("s3cret");
      elsewhere.spoil = (_, response) =>
        fail(response, 401, "UNAUTHORIZED", "who are you", {
          "WWW-Authenticate": `Bearer realm="http://${thief.host}/token",service="here"`,
        });
      await why(pullBlob({ auth: user }));
      expect(thief.seen).toEqual([]);
      expect(elsewhere.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    } finally {
      await Promise.all([elsewhere.stop(), thief.stop()]);
    }
  });

  it("for Docker Hub are not given to its mirrors", async () => {
    const docker = openRegistry("docker.io", {
      options: { ...quick, mirrors: [`http://${registry.host}`] },
      auth: user,
    });
    registry.manifests.set("1", { type: "", body: Buffer.from("{}") });
    const found = await readManifest(docker, { registry: "docker.io", repository: "library/it", tag: "1" });
    expect(found.text).toBe("{}");
    expect(registry.seen.map(({ line }) => line)).toEqual(["GET /v2/library/it/manifests/1"]);
    registry.seen.length = 0;
    registry.spoil = (_, response) =>
      fail(response, 401, "UNAUTHORIZED", "no", { "WWW-Authenticate": 'Basic realm="here"' });
    await why(readManifest(docker, { registry: "docker.io", repository: "library/it", tag: "1" }));
    expect(registry.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });
});

describe("a way through a proxy", () => {
  let proxy: Server;
  const asked: string[] = [];
  beforeEach(async () => {
    asked.length = 0;
    proxy = createServer((socket) => {
      socket.once("data", (data) => {
        asked.push(String(data).split("\r\n")[0] ?? "");
        socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
      });
      socket.on("error", () => {});
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = proxy.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    for (const name of ["http_proxy", "https_proxy"]) process.env[name] = url;
  });
  afterEach(() => {
    for (const name of ["http_proxy", "https_proxy", "no_proxy"]) delete process.env[name];
    proxy.close();
  });

  it("is taken, but not to this machine and not where it is forbidden", async () => {
    expect((await pullBlob()).equals(bytes)).toBe(true);
    expect(asked).toEqual([]);
    const manifestOf = (name: string) =>
      why(readManifest(openRegistry(name, { options: quick }), { registry: name, repository: "it", tag: "1" }));
    await manifestOf("registry.invalid:5000");
    expect(asked[0]).toBe("CONNECT registry.invalid:5000 HTTP/1.1");
    asked.length = 0;
    process.env.no_proxy = "registry.invalid";
    expect(await manifestOf("registry.invalid:5000")).toContain("check its name");
    expect(asked).toEqual([]);
  });
});
