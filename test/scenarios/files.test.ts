import { expect } from "vitest";
import { idle, idsOf, image, onEveryEngine, type Stack } from "./harness.ts";

const files = {
  "compose.yaml": `
services:
  web:
    image: ${image}
    command: ${idle}
    configs: [{ source: page, target: /page }, { source: inline, target: /inline, mode: 0440 }]
  db:
    image: ${image}
    command: ${idle}
    secrets: [password]
configs:
  page: { file: ./page.txt }
  inline: { content: "hello $\{NAME:-nobody}" }
secrets:
  password: { file: ./password.txt }
`,
  "page.txt": "first page\n",
  "password.txt": "hunter2\n",
};

/** What a command in a container says. */
async function said({ engine, containers }: Stack, name: string, ...Cmd: string[]): Promise<string> {
  const id = (await containers()).get(name)?.Id ?? "";
  const { Id: exec } = await engine.execCreate({ id, body: { Cmd, AttachStdout: true, AttachStderr: true } });
  const { frames } = await engine.execStart({ id: exec, tty: false, body: { Detach: false, Tty: false } });
  const chunks: Buffer[] = [];
  for await (const { data } of frames) chunks.push(data);
  return Buffer.concat(chunks).toString();
}

onEveryEngine("configs and secrets", (scenario) => {
  scenario("are files in the containers", files, async (stack) => {
    expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
    expect(await said(stack, "web-1", "cat", "/page", "/inline")).toBe("first page\nhello nobody");
    expect(await said(stack, "web-1", "stat", "-c", "%a %u", "/inline")).toBe("440 0\n");
    expect(await said(stack, "db-1", "cat", "/run/secrets/password")).toBe("hunter2\n");
    expect((await stack.gantry("plan", "--exit-code")).exitCode).toBe(0);
  });

  scenario("replace the container that uses them when their content changes", files, async (stack) => {
    await stack.gantry("up", "-d");
    const first = idsOf(await stack.containers());
    stack.write({ "page.txt": "second page\n" });
    expect((await stack.gantry("plan")).stdout).toContain("page");
    await stack.gantry("up", "-d");
    const second = idsOf(await stack.containers());
    expect(second["web-1"]).not.toBe(first["web-1"]);
    expect(second["db-1"]).toBe(first["db-1"]);
    expect(await said(stack, "web-1", "cat", "/page")).toBe("second page\n");
    stack.write({ "password.txt": "hunter3\n", ".env": "NAME=somebody\n" });
    await stack.gantry("up", "-d");
    const third = idsOf(await stack.containers());
    expect(third["db-1"]).not.toBe(second["db-1"]);
    expect(await said(stack, "db-1", "cat", "/run/secrets/password")).toBe("hunter3\n");
    expect(await said(stack, "web-1", "cat", "/inline")).toBe("hello somebody");
  });
});
