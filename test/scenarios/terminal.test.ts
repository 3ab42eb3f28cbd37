import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { idle, image, onEveryEngine, type Stack, statesOf } from "./harness.ts";
import { inTerminal, paneText, withoutTmux } from "./terminal.ts";

const talking = idle.replace("while", "echo hello; while");
/** Tells the size of its terminal as soon as it has one, and whenever it changes; Ctrl-C ends it with 7. */
const sizeTeller = `say() { size=$(busybox stty size 2>/dev/null); case $size in ""|$last) ;; *) echo size $size; last=$size; esac; }
last=none; trap say WINCH; trap 'exit 7' INT TERM`;
const tellsSize = `${sizeTeller}; say; while :; do sleep 1000 & wait $!; done`;
/** The same, and begins a new screen with each line that it gets. */
const listens = `${sizeTeller}
while :; do read -t 1 line && { busybox printf '\\033[2J\\033[H'; echo got $line; }; say; done`;
const files = {
  "compose.yaml": `
services:
  web: { image: "${image}", command: ${talking} }
  database: { image: "${image}", command: ${idle} }
`,
};

const command = JSON.stringify(["sh", "-c", listens.replaceAll("$", "$$$$")]);
const listening = {
  "compose.yaml": `services: { web: { image: "${image}", command: ${command}, tty: true, stdin_open: true } }`,
};

if (withoutTmux !== undefined && process.env.CI !== "true") {
  describe("gantry in a terminal", () => {
    it.skip(`left out: ${withoutTmux}`, () => {});
  });
} else {
  onEveryEngine("gantry in a terminal", (scenario) => {
    scenario("up -d shows its progress, and leaves what it did on the screen; down too", files, async (stack) => {
      await inTerminal(stack, ["up", "-d"], async ({ exits }) => {
        pane(stack, "up", await exits(0));
      });
      await inTerminal(stack, ["down"], async ({ exits }) => {
        pane(stack, "down", await exits(0));
      });
    });

    scenario("up's menu stays below the output; d detaches and leaves the containers running", files, async (stack) => {
      await inTerminal(stack, ["up", "web"], async ({ shows, exits, press }) => {
        pane(stack, "menu", await shows("Started", "hello", "d Detach"));
        press("d");
        pane(stack, "detached", await exits(0));
      });
      expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
    });

    scenario("Ctrl-C in the menu stops the containers", files, async (stack) => {
      await inTerminal(stack, ["up", "web"], async ({ shows, exits, press }) => {
        await shows("Started", "hello", "Ctrl+C Stop");
        press("C-c");
        pane(stack, "stopped", await exits(130));
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
        await inTerminal(stack, ["up"], async ({ shows, exits, press }) => {
          await shows("Started", "deaf", "Ctrl+C Stop");
          press("C-c");
          await shows("press Ctrl+C again to force", "Stopping");
          press("C-c");
          await shows("Killing", "exited with code 137");
          await exits(130);
        });
        expect(statesOf(await stack.containers())).toEqual({ "web-1": "exited" });
      },
    );

    for (const [verb, words] of [
      ["run", ["run", "--rm", "--quiet", "--name", "NAME", "web"]],
      ["container run", ["container", "run", "-it", "--rm", "--name", "NAME", image]],
    ] as const) {
      scenario(`${verb} gives the command a terminal of this one's size, whenever it changes`, files, async (stack) => {
        const name = `${stack.project}-sizes`;
        await inTerminal(stack, [...named(words, name), "sh", "-c", tellsSize], async (terminal) => {
          await sizes(terminal);
          terminal.press("C-c");
          pane(stack, "sizes", await terminal.exits(7));
        });
        await expect(stack.engine.containerInspect({ id: name })).rejects.toMatchObject({ status: 404 });
      });

      scenario(`${verb} takes a whole conversation, and ends as its command does`, files, async (stack) => {
        await inTerminal(stack, [...named(words, `${stack.project}-shell`), "sh"], async ({ shows, exits, type }) => {
          await shows(/[#$] ?$/m);
          type("echo $((6 * 7))");
          await shows(/^42$/m);
          type("exit 3");
          // The rest is between busybox and its user.
          const [, conversation = ""] = (await exits(3)).replace(/^.*[#$] /gm, "$ ").split(/(?<=\n)(?=\$)(.*)/s);
          pane(stack, "shell", conversation);
        });
      });
    }

    for (const [verb, words] of [
      ["exec", () => ["exec", "web"]],
      ["container exec", ({ project }: Stack) => ["container", "exec", "-it", `${project}-web-1`]],
    ] as const) {
      scenario(`${verb} does so too, and its detach keys leave the command to itself`, files, async (stack) => {
        await stack.gantry("up", "-d", "web");
        await inTerminal(stack, [...words(stack), "sh", "-c", tellsSize], async (terminal) => {
          await sizes(terminal);
          terminal.press("C-p", "C-q");
          pane(stack, "exec-detached", await terminal.exits(0));
        });
        await inTerminal(stack, [...words(stack), "sh"], async ({ shows, exits, type }) => {
          await shows(/[#$] ?$/m);
          type("exit 3");
          await exits(3);
        });
      });
    }

    for (const [verb, words] of [
      ["attach", () => ["web"]],
      ["container attach", ({ project }: Stack) => [`${project}-web-1`]],
    ] as const) {
      scenario(
        `${verb} talks with the container's own process until the detach keys, and the process goes on`,
        listening,
        async (stack) => {
          for (const keys of [[], ["--detach-keys", "ctrl-x"]]) {
            await stack.gantry("up", "-d", "--force-recreate");
            const args = [...verb.split(" "), ...keys, ...words(stack)];
            await inTerminal(stack, args, async ({ shows, exits, type, press }) => {
              await shows("size 24 80");
              type("words");
              await shows("got words");
              if (keys.length === 0) press("C-p", "C-q");
              else press("C-x");
              pane(stack, "attached", await exits(0));
            });
          }
          expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
        },
      );

      scenario(`${verb} ends with its container: Ctrl-C is the container's`, listening, async (stack) => {
        await stack.gantry("up", "-d");
        await inTerminal(stack, [...verb.split(" "), ...words(stack)], async ({ shows, exits, press }) => {
          await shows("size 24 80");
          press("C-c");
          await exits(7);
        });
        expect(statesOf(await stack.containers())).toEqual({ "web-1": "exited" });
      });
    }

    scenario(
      "w in the menu turns watching on and off, and the containers go on",
      {
        "compose.yaml": `
services:
  web:
    image: ${image}
    command: ${talking}
    develop: { watch: [{ action: sync, path: src, target: /app }] }
`,
        "src/file": "1",
      },
      async (stack) => {
        await inTerminal(stack, ["up"], async ({ shows, exits, press }) => {
          await shows("hello", "w Enable Watch");
          press("w");
          await shows("Watch enabled", "w Disable Watch");
          stack.write({ "src/file": "2" });
          pane(stack, "watching", await shows(/Syncing .* after changes were detected|synced/i));
          press("w");
          pane(stack, "watched", await shows("Watch disabled", "w Enable Watch"));
          press("d");
          await exits(0);
        });
        expect(statesOf(await stack.containers())).toEqual({ "web-1": "running" });
      },
    );

    scenario("the menu goes where the terminal is too narrow for it, and comes back", files, async (stack) => {
      await inTerminal(stack, ["up", "web"], async ({ shows, exits, press, resize }) => {
        await shows("Started", "hello", "Ctrl+C Stop");
        resize(30, 24);
        await shows(/^(?!.*(Enable|Detach|Ctrl))/s);
        resize(80, 24);
        await shows(/^(?!.*Enable.*Enable).*\nw Enable Watch {3}d Detach {3}Ctrl\+C Stop\s*$/s);
        press("d");
        await exits(0);
      });
    });
  });
}

function named(words: readonly string[], name: string): readonly string[] {
  return words.map((word) => (word === "NAME" ? name : word));
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
