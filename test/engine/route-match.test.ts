import { describe, expect, it } from "vitest";
import { matchRoute, parseTarget } from "../../src/engine/route-match.ts";

const match = (method: string, url: string) => matchRoute(method, parseTarget(url));

describe("a request's target", () => {
  it("may name the API version that the client speaks", () => {
    expect(parseTarget("/v1.41/containers/json?all=1")).toMatchObject({ path: "/containers/json", apiVersion: "1.41" });
    expect(parseTarget("/containers/json")).toMatchObject({ path: "/containers/json", apiVersion: "1.51" });
  });

  it.each([
    ["/v1.99/info", "client version 1.99 is too new. Maximum supported API version is 1.51"],
    ["/v1.20/info", "client version 1.20 is too old. Minimum supported API version is 1.24"],
  ])("%s is refused: %s", (url, message) => {
    expect(() => parseTarget(url)).toThrow(message);
  });
});

describe("a request is the call", () => {
  it.each([
    ["GET", "/_ping", "ping", {}],
    ["HEAD", "/v1.30/_ping", "ping", {}],
    ["GET", "/containers/json", "containerList", {}],
    ["GET", "/containers/json/json", "containerInspect", { id: "json" }],
    ["POST", "/containers/create", "containerCreate", {}],
    ["POST", "/containers//web/start", "containerStart", { id: "/web" }],
    ["GET", "/images/localhost:5000/a/b:1/json", "imageInspect", { name: "localhost:5000/a/b:1" }],
    ["GET", "/images/get?names=a", "imageSave", {}],
    ["GET", "/images/a%2Fb/get", "imageSaveOne", { name: "a/b" }],
    ["POST", "/images/create?fromImage=a", "imagePull", {}],
    ["POST", "/images/create?fromSrc=-&repo=a", "imageImport", {}],
    ["DELETE", "/networks/x", "networkRemove", { id: "x" }],
    ["POST", "/networks/prune", "networkPrune", {}],
    ["HEAD", "/containers/x/archive?path=/etc", "containerArchiveStat", { id: "x" }],
  ])("%s %s → %s", (method, url, name, path) => {
    expect(match(method, url)).toMatchObject({ name, path });
  });

  it.each([
    ["GET", "/nothing"],
    ["PATCH", "/containers/json"],
    ["GET", "/images/%zz/json"],
  ])("of none: %s %s", (method, url) => {
    const outcome = (() => {
      try {
        return match(method, url)?.name;
      } catch (error) {
        return String((error as Error).message);
      }
    })();
    expect([undefined, "page not found"]).toContain(outcome);
  });
});
