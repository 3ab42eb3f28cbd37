import { describe, expect, it } from "vitest";
import { renderRequest } from "../../src/engine/request.ts";
import { parseBody, parseFilters, readArguments } from "../../src/engine/request-args.ts";
import { parseTarget } from "../../src/engine/route-match.ts";
import { type Route, routes } from "../../src/engine/routes.ts";

describe("filters", () => {
  it("are read in both encodings", () => {
    expect(parseFilters('{"label":{"a=b":true,"c":false},"status":{"running":true}}')).toEqual({
      label: ["a=b"],
      status: ["running"],
    });
    expect(parseFilters('{"label":["a=b","c"]}')).toEqual({ label: ["a=b", "c"] });
  });

  it("may be called like a member of every object", () => {
    expect(Object.keys(parseFilters('{"__proto__":["a"],"constructor":["b"]}'))).toEqual(["__proto__", "constructor"]);
  });

  it.each(["[]", "1", "{", '{"label":"x"}', '{"label":[1]}'])("are refused: %s", (text) => {
    expect(() => parseFilters(text)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe("arguments", () => {
  it.each<[keyof typeof routes, Record<string, unknown>]>([
    ["containerList", { all: true, limit: 3, filters: { label: ["a=b", "c"] } }],
    ["containerStop", { id: "x", t: -1, signal: "SIGINT" }],
    ["imagePull", { fromImage: "a/b", tag: "1", auth: { username: "u", password: "ü/+" } }],
    ["imageBuild", { t: ["a:1", "b:2"], buildargs: { A: "1", B: null }, memory: 1024, labels: { l: "v" } }],
    ["systemDf", { type: ["image", "volume"] }],
  ])("of %s arrive as they were sent", (name, args) => {
    const route: Route = routes[name];
    const { path, headers } = renderRequest(route, args, "1.51");
    const { query } = parseTarget(path);
    const lower = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
    const id = "id" in args ? { id: String(args.id) } : {};
    expect(readArguments(route, { path: id, query, headers: lower })).toEqual(args);
  });

  it("that are no numbers are refused", () => {
    const query = new URLSearchParams({ t: "soon" });
    expect(() => readArguments(routes.containerStop, { path: { id: "x" }, query, headers: {} })).toThrow(/"soon"/);
  });
});

describe("a body", () => {
  const json = "application/json";
  it("is JSON, or nothing", () => {
    expect(parseBody(Buffer.from('{"a":1}'), "application/json; charset=utf-8")).toEqual({ a: 1 });
    expect(parseBody(Buffer.from(" \n"), undefined)).toBeUndefined();
  });

  it.each([
    ["{}", "text/plain", "unsupported Content-Type header (text/plain): must be 'application/json'"],
    ["{} {}", json, "unexpected content after JSON"],
    ["{", json, "invalid JSON"],
  ])("is refused: %s as %s", (text, type, message) => {
    expect(() => parseBody(Buffer.from(text), type)).toThrow(message);
  });
});
