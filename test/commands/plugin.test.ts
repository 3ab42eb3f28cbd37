import { expect, it } from "vitest";
import { readPluginCall } from "../../src/commands/plugin.ts";

const environment = { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: "/usr/bin/docker" };

it("takes what stands behind compose, and docker's flags in front of it as their variables", () => {
  const argv = ["-H", "tcp://x:1", "--context=far", "--tlsverify", "-D", "compose", "-p", "shop", "up", "-d"];
  expect(readPluginCall(argv, environment)).toEqual({
    argv: ["--verbose", "-p", "shop", "up", "-d"],
    environment: { DOCKER_HOST: "tcp://x:1", DOCKER_CONTEXT: "far", DOCKER_TLS_VERIFY: "1" },
  });
});

it("leaves a command line alone that docker has not handed over", () => {
  expect(readPluginCall(["compose", "up"], {})).toBeUndefined();
  expect(readPluginCall(["up", "-d"], environment)).toBeUndefined();
});
