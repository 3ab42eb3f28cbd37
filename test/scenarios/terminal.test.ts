import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { idle, image, onEveryEngine, type Stack, statesOf } from "./harness.ts";
import { inTerminal, paneText, withoutTmux } from "./terminal.ts";

const talking = idle.replace("while", "echo hello; while");
const shell = `["sh", "-c", "echo ready; while read line; do echo got $$line; done"]`;
/** Tells the size of its terminal now, and whenever it changes; Ctrl-C ends it with 7. */
const tellsSize = `say() { echo size $(busybox stty size); }; trap say WINCH; trap 'exit 7' INT; say
while :; do sleep 1000 & wait $!; done`;
const files = {
  "compose.yaml": `
services:
  web: { image: "${image}", command: ${talking} }
  database: { image: "${image}", command: ${idle} }
`,
};

if (withoutTmux !== undefined) {
  describe("gantry in a terminal", () => {
    it.skip(`left out: ${withoutTmux}`, () => {});
  });
} else {
  onEveryEngine("gantry in a terminal", (scenario) => {
    scenario("up -d shows its progress, and leaves what it did on the screen; down too", files, async (stack) => {
      await inTerminal(stack, ["up", "-d"], async ({ shows }) => {
        pane(stack, "up", await shows("[exit 0]"));
      });
      await inTerminal(stack, ["down"], async ({ shows }) => {
        pane(stack, "down", await shows("[exit 0]"));
      });
    });

    scenario("up's menu stays below the output; d detaches and leaves the containers running", files, async (stack) => {
      await inTerminal(stack, ["up", "web"], async ({ shows, press }) => {
        pane(stack, "menu", await shows("Started", "hello", "d Detach"));
        press("d");
        pane(stack, "detached", await shows("[exit 0]"));
      });
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
    });

    scenario("Ctrl-C in the menu stops the containers", files, async (stack) => {
      await inTerminal(stack, ["up", "web"], async ({ shows, press }) => {
        await shows("Started", "hello", "Ctrl+C Stop");
        press("C-c");
        pane(stack, "stopped", await shows("[exit 130]"));
      });
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "exited" });
    });

    scenario(
      "a second Ctrl-C kills what does not stop",
      {
        "compose.yaml": `
services:
  web:
    image: "${image}"
    command: ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1000; done"]
    stop_grace_period: 5m
`,
      },
      async (stack) => {
        await inTerminal(stack, ["up"], async ({ shows, press }) => {
          await shows("Started", "deaf", "Ctrl+C Stop");
          press("C-c");
          await shows("press Ctrl+C again to force", "Stopping");
          press("C-c");
          await shows("Killing", "exited with code 137", "[exit 130]");
        });
        expect(statesOf(await stack.containers())).toEqual({ "web-1": "exited" });
      },
    );

    scenario("run gives the command a terminal of this one's size, whenever it changes", files, async (stack) => {
      await inTerminal(stack, ["run", "--rm", "web", "sh", "-c", tellsSize], async (terminal) => {
        await sizes(terminal);
        terminal.press("C-c");
        await terminal.shows("[exit 7]");
      });
      expect([...(await stack.containers()).keys()]).toEqual([]);
    });

    scenario("exec too, and its detach keys leave the command to itself", files, async (stack) => {
      await stack.gantry("up", "-d", "web");
      await inTerminal(stack, ["exec", "web", "sh", "-c", tellsSize], async (terminal) => {
        await sizes(terminal);
        terminal.press("C-p", "C-q");
        await terminal.shows("[exit 0]");
      });
      await inTerminal(stack, ["exec", "web", "sh"], async ({ shows, type }) => {
        await shows(/[#$] ?$/m);
        type("exit 3");
        await shows("[exit 3]");
      });
    });

    scenario(
      "attach talks with the container's own process until the detach keys, and the process goes on",
      { "compose.yaml": `services: { web: { image: "${image}", command: ${shell}, tty: true, stdin_open: true } }` },
      async (stack) => {
        await stack.gantry("up", "-d");
        for (const keys of [[], ["--detach-keys", "ctrl-x"]]) {
          await inTerminal(stack, ["attach", ...keys, "web"], async ({ shows, type, press }) => {
            type("words");
            await shows("got words");
            if (keys.length === 0) press("C-p", "C-q");
            else press("C-x");
            await shows("[exit 0]");
          });
        }
        expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
      },
    );
  });
}

async function sizes({ shows, resize }: Parameters<Parameters<typeof inTerminal>[2]>[0]): Promise<void> {
  await shows(/^size 24 80$/m);
  resize(100, 30);
  await shows(/^size 30 100$/m);
}

/** Compares a pane with the one that is kept in panes/; UPDATE=1 keeps it anew. */
function pane(stack: Stack, name: string, text: string): void {
  const file = path.join(import.meta.dirname, "panes", `${name}.txt`);
  const actual = `${paneText(text, stack)}\n`;
  if (process.env.UPDATE === "1") writeFileSync(file, actual);
  expect(actual).toBe(existsSync(file) ? readFileSync(file, "utf8") : "");
}
