import { expect, it } from "vitest";
import { takenPort } from "../../src/reconcile/taken-port.ts";

it.each([
  [
    "driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:8080 failed: port is already allocated",
    8080,
  ],
  ["Error starting userland proxy: listen tcp4 127.0.0.1:81: bind: address already in use", 81],
  ["failed to bind host port [::]:443/tcp: address already in use", 443],
  ["failed to bind port: address already in use", undefined],
])("finds the port in %s", (message, port) => {
  expect(takenPort(message)).toBe(port);
});
