/** The data root's disk is full: that is said, nothing is half done, and what frees space works. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, eventually, idle, image, openBench, withDocker } from "./bench.ts";

withDocker("a full disk", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ disk: 24 * 1024 * 1024 });
  });
  afterAll(() => bench.close());

  const fill = (name: string) => bench.docker("exec", name, "sh", "-c", "cat /dev/zero >/full");

  it("is said, and rm and prune work", async () => {
    await bench.says("run", "-d", "--name", "filler", image, ...idle);
    await bench.says("run", "-d", "--name", "other", image, ...idle);
    await bench.says("volume", "create", "empty");
    expect((await fill("filler")).stderr).toContain("No space left on device");

    for (const args of [
      ["create", "--name", "none", image],
      ["run", "-d", "--name", "none", image, ...idle],
      ["commit", "other", "none:1"],
      ["import", "busybox.tar", "none:1"],
      ["network", "create", "late"],
      ["tag", image, "none:1"],
    ]) {
      const { exitCode, stderr } = await bench.docker(...args);
      expect({ args, exitCode, stderr }).toEqual({
        args,
        exitCode: args[0] === "run" ? 125 : 1,
        stderr: expect.stringMatching(/no space left on device/i),
      });
    }
    expect(await bench.says("ps", "-a", "--format", "{{.Names}} {{.State}}")).toBe("other running\nfiller running");
    expect(await bench.says("images", "--format", "{{.Repository}}:{{.Tag}}")).toBe(image);
    expect(await bench.says("network", "ls", "--format", "{{.Name}}")).toBe("bridge\nhost\nnone");

    // What ends meanwhile is known to have ended, and can be taken away.
    await bench.says("kill", "other");
    await eventually(async () => (await bench.says("ps", "--format", "{{.Names}}")) === "filler");
    await bench.says("rm", "other");
    await bench.says("volume", "rm", "empty");
    await bench.says("rm", "-f", "filler");
    expect(await bench.says("run", "--rm", image, "echo", "again")).toBe("again");

    await bench.says("run", "-d", "--name", "filler", image, ...idle);
    await fill("filler");
    await bench.says("stop", "filler");
    expect(await bench.says("system", "prune", "-af")).toContain("Total reclaimed space");
    expect(await bench.says("ps", "-aq")).toBe("");
    expect(await bench.says("images", "-aq")).toBe("");
  });

  it("leaves nothing that keeps the next daemon from starting", async () => {
    await bench.says("import", "--change", 'CMD ["sh"]', "busybox.tar", image);
    await bench.says("run", "-d", "--name", "filler", image, ...idle);
    await fill("filler");
    await bench.kill();
    await bench.boot();
    expect(await bench.says("ps", "--format", "{{.Names}}")).toBe("filler");
    await bench.says("rm", "-f", "filler");
    expect(await bench.says("run", "--rm", image, "echo", "again")).toBe("again");
  });
});
