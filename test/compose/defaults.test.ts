import { describe, expect, it } from "vitest";
import { setDefaults } from "../../src/compose/defaults.ts";
import { document, plain } from "./document.ts";

describe("values that are not written", () => {
  it.each([
    ["build: {target: a}", { build: { target: "a", context: "." } }],
    ["secrets: [{source: s}]", { secrets: [{ source: "s", target: "/run/secrets/s" }] }],
    ["secrets: [{source: s, target: /t}]", { secrets: [{ source: "s", target: "/t" }] }],
    ["configs: [{source: c}]", { configs: [{ source: "c" }] }],
    ["ports: [{target: 80}]", { ports: [{ target: 80, protocol: "tcp", mode: "ingress" }] }],
    ["gpus: [{driver: d}]", { gpus: [{ driver: "d", count: -1 }] }],
    ["gpus: [{device_ids: [a]}]", { gpus: [{ device_ids: ["a"] }] }],
    [
      "deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
      { deploy: { resources: { reservations: { devices: [{ capabilities: ["gpu"], count: -1 }] } } } },
    ],
  ])("%s", (line, expected) => {
    expect(plain(setDefaults(document(`services: {web: {${line}}}`)))).toEqual({ services: { web: expected } });
  });
});
