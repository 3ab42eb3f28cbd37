import { expect } from "vitest";
import { idle, image, onEveryEngine, seen, statesOf } from "./harness.ts";

const files = {
  "compose.yaml": `
services:
  web:
    image: ${image}
    command: ["sh", "-c", "until test -e /gate/open; do sleep 0.1; done; touch /healthy; exec sleep 1000"]
    init: true
    volumes: ["./gate:/gate"]
    healthcheck: {test: ["CMD", "test", "-e", "/healthy"], interval: 200ms, retries: 1000}
  late: {image: ${image}, command: ${idle}, depends_on: {web: {condition: service_healthy}}}
`,
  "gate/readme": "the gate is open when there is a file called open",
};

onEveryEngine("two at once", (scenario) => {
  scenario("the second up waits for the first, says for whom, and both end well", files, async (stack) => {
    const first = stack.start(["up", "-d"]);
    await seen(first, "web-1  Started");
    const second = stack.start(["up", "-d", "--scale", "late=2"]);
    await seen(second, `waiting for "gantry up" (process ${first.pid}`);
    stack.write({ "gate/open": "" });
    expect((await first).exitCode).toBe(0);
    expect((await second).exitCode).toBe(0);
    expect(statesOf(await stack.containers())).toEqual({
      "late-1": "running",
      "late-2": "running",
      "web-1": "running",
    });
  });

  scenario("a killed holder holds nothing any more", files, async (stack) => {
    const first = stack.start(["up", "-d"]);
    await seen(first, "web-1  Started");
    const second = stack.start(["down", "-t", "1"]);
    await seen(second, "waiting for");
    first.kill("SIGKILL");
    expect((await second).exitCode).toBe(0);
    expect(statesOf(await stack.containers())).toEqual({});
  });

  scenario("an interrupted waiter goes, and has changed nothing", files, async (stack) => {
    const first = stack.start(["up", "-d"]);
    await seen(first, "web-1  Started");
    const second = stack.start(["down"]);
    await seen(second, "waiting for");
    second.kill("SIGINT");
    expect((await second).exitCode).toBe(130);
    stack.write({ "gate/open": "" });
    expect((await first).exitCode).toBe(0);
  });
});
