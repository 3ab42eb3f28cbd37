import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** What a registry for tests holds, and how it is asked. */
export interface TestRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** Every request, `GET /v2/…`. */
  readonly requests: string[];
  /** Bytes by digest and, for manifests, by `repository:tag`. */
  readonly content: Map<string, Buffer>;
  readonly close: () => Promise<unknown>;
}

/** The digest of bytes as registries write it. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/**
 * A registry that answers as the OCI Distribution Specification says.
 *
 * @param wants `none`: anyone may read; `basic`, `bearer`: only `user` with the password `pass`; `token`: anyone, with a token
 */
export async function startRegistry(wants: "none" | "basic" | "bearer" | "token"): Promise<TestRegistry> {
  const requests: string[] = [];
  const content = new Map<string, Buffer>();
  const basic = `Basic ${Buffer.from("user:pass").toString("base64")}`;
  const server = createServer((request, response) => {
    const { url = "", headers } = request;
    requests.push(`${request.method} ${url}`);
    const refuse = (status: number, message: string) =>
      response.writeHead(status).end(JSON.stringify({ errors: [{ code: "X", message }] }));
    if (url.startsWith("/token")) {
      if (wants === "bearer" && headers.authorization !== basic) return refuse(401, "wrong password");
      return response.end(JSON.stringify({ token: "good" }));
    }
    const needed = wants === "none" ? undefined : wants === "basic" ? basic : "Bearer good";
    if (needed !== undefined && headers.authorization !== needed) {
      const realm = `http://${headers.host}/token`;
      const challenge = wants === "basic" ? 'Basic realm="x"' : `Bearer realm="${realm}",service="s",scope="pull"`;
      response.setHeader("WWW-Authenticate", challenge);
      return refuse(401, "authentication required");
    }
    const [, repository, reference = ""] = /^\/v2\/(.+)\/(?:manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const bytes = content.get(reference) ?? content.get(`${repository}:${reference}`);
    if (url === "/v2/") return response.end("{}");
    if (bytes === undefined) return refuse(404, "manifest unknown");
    response.setHeader("Docker-Content-Digest", digestOf(bytes));
    response.setHeader("Content-Length", bytes.length);
    response.setHeader("Content-Type", "application/vnd.oci.image.index.v1+json");
    return response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return { host, requests, content, close: () => new Promise((resolve) => server.close(resolve)) };
}
