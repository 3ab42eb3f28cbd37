import { expect } from "vitest";
import { verbs } from "../../src/commands/verbs.ts";
import { idle, image, onEveryEngine } from "./harness.ts";

const files = {
  "compose.yaml": `services: { web: { image: "${image}", command: ${idle} }, database: { image: "${image}" } }`,
};

/** Every verb that is told which services it is about, with one that is misspelt. */
const misspelt: readonly string[] = [
  ...["up", "create", "start", "stop", "restart", "kill", "pause", "unpause", "down", "rm --force", "ps", "images"],
  ...["logs", "top", "stats", "events", "build", "pull", "push", "volumes", "config", "wait", "watch --no-up"],
].map((verb) => `${verb} wbe`);
const others = [
  "exec wbe ls",
  "run wbe",
  "port wbe 80",
  "cp wbe:/x .",
  "attach wbe",
  "export wbe",
  "commit wbe",
  "scale wbe=2",
];

onEveryEngine("bad usage", (scenario) => {
  scenario("a service that is not there is answered with the nearest one, whatever the verb", files, async (stack) => {
    for (const command of [...misspelt, ...others]) {
      const { exitCode, stdout, stderr } = await stack.gantry(...command.split(" "));
      expect({ command, exitCode, stdout, stderr }).toEqual({
        command,
        exitCode: 1,
        stdout: "",
        stderr: expect.stringMatching(/^error: no such service: wbe \[undefined-service\]\n {2}did you mean "web"\?$/),
      });
    }
    expect((await stack.containers()).size).toBe(0);
  });

  scenario("a wrong flag is answered with the nearest one and the usage line of the verb", files, async (stack) => {
    for (const verb of verbs.keys()) {
      const { exitCode, stdout, stderr } = await stack.gantry(...verb.split(" "), "--projct-name");
      expect({ verb, exitCode, stdout }).toEqual({ verb, exitCode: 1, stdout: "" });
      expect(stderr).toContain('did you mean "--project-name"?');
      expect(stderr).toContain(`Usage: gantry ${verb}`);
    }
  });

  scenario("a reader that goes away ends a verb quietly", files, async (stack) => {
    stack.write({
      "many.yaml": `services: { web: { image: "${image}", command: ["seq", "1", "200000"] } }`,
    });
    await stack.gantry("-f", "many.yaml", "up", "--no-log-prefix");
    const commands = ["logs", "logs -f", "logs --json", "config", "ps -a", "ps -a --format json", "help", "images"];
    for (const command of [...commands, "events --since 10m --until 0s", "graph", "plan", "up --dry-run"]) {
      const pipe = ["sh", "-c", '"$@" | head -c 1 >/dev/null', "sh"];
      const { exitCode, stderr } = await stack.start(["-f", "many.yaml", ...command.split(" ")], {}, pipe);
      expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: "" });
    }
    // A shell learns of it as of every program's: 128 and SIGPIPE.
    const own = ["sh", "-c", '{ "$@"; echo $? >&2; } | head -c 1 >/dev/null', "sh"];
    expect((await stack.start(["-f", "many.yaml", "logs"], {}, own)).stderr).toBe("141");
  });
});
