import { describe, expect, it } from "vitest";
import { renderRequest } from "../../src/engine/request.ts";
import { routes } from "../../src/engine/routes.ts";

describe("a call", () => {
  it("becomes a path with its arguments and the API version in it", () => {
    const args = { id: "shop db/1", all: true };
    expect(renderRequest(routes.containerInspect, { ...args, size: false }, "1.41")).toEqual({
      method: "GET",
      path: "/v1.41/containers/shop%20db/1/json?size=0",
      headers: {},
    });
    expect(renderRequest(routes.imageInspect, { name: "localhost:5000/a/b:$&" }, "1.41").path).toBe(
      "/v1.41/images/localhost:5000/a/b:%24%26/json",
    );
    expect(renderRequest(routes.ping, {}, "1.41").path).toBe("/_ping");
  });

  it("sends booleans as 1 and 0, objects as JSON, lists one by one, and leaves out what is not given", () => {
    const args = {
      stream: new Uint8Array([1]),
      t: ["a:1", "b:2"],
      rm: false,
      pull: true,
      buildargs: { A: null, B: "x y" },
      cachefrom: ["c"],
      memory: 5,
      target: undefined,
    };
    const { path, headers, body } = renderRequest(routes.imageBuild, args, "1.41");
    expect(path).toBe(
      "/v1.41/build?t=a%3A1&t=b%3A2&cachefrom=%5B%22c%22%5D&pull=1&rm=0&memory=5&buildargs=%7B%22A%22%3Anull%2C%22B%22%3A%22x+y%22%7D",
    );
    expect(headers).toEqual({ "Content-Type": "application/x-tar" });
    expect(body).toBe(args.stream);
  });

  it("sends credentials in headers, in the padded base64 of URLs that Go wants", () => {
    const auth = { username: "ü?>", password: "~~~" };
    const header = renderRequest(routes.imagePull, { fromImage: "x", auth }, "1.41").headers["X-Registry-Auth"] ?? "";
    expect(header).toMatch(/^[\w-]+=*$/);
    expect(header.length % 4).toBe(0);
    expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual(auth);
    const auths = { "ghcr.io": auth };
    const config = renderRequest(routes.imageBuild, { stream: new Uint8Array(), auths }, "1.41").headers[
      "X-Registry-Config"
    ];
    expect(JSON.parse(Buffer.from(config ?? "", "base64url").toString())).toEqual(auths);
  });

  it("leaves out what the engine's API version does not know yet", () => {
    const create = { name: "a", platform: "linux/arm64", body: {} };
    expect(renderRequest(routes.containerCreate, create, "1.40").path).toBe("/v1.40/containers/create?name=a");
    expect(renderRequest(routes.containerCreate, create, "1.41").path).toContain("platform=linux%2Farm64");
    const inspect = { name: "x", manifests: true };
    expect(renderRequest(routes.imageInspect, inspect, "1.47").path).toBe("/v1.47/images/x/json");
    expect(renderRequest(routes.imageInspect, inspect, "1.48").path).toBe("/v1.48/images/x/json?manifests=1");
  });

  it("asks for the connection where it is to be taken over, and keeps what is only for us", () => {
    const { headers, path } = renderRequest(routes.containerAttach, { id: "a", tty: true, stream: true }, "1.41");
    expect(headers).toEqual({ Connection: "Upgrade", Upgrade: "tcp" });
    expect(path).toBe("/v1.41/containers/a/attach?stream=1");
  });
});

describe("the route table", () => {
  it("has a place in the path for every argument of the path, and none without an argument", () => {
    for (const [name, { path, args }] of Object.entries(routes)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, arg]) => arg);
      const declared = Object.entries(args).filter(([, rule]) => rule === "path");
      expect([name, ...declared.map(([arg]) => arg)]).toEqual([name, ...inPath]);
    }
  });

  it("gives every call a way of its own", () => {
    const ways = Object.values(routes).map(({ method, path, args }) => `${method} ${path} ${"stream" in args}`);
    expect(new Set(ways).size).toBe(ways.length);
  });
});
