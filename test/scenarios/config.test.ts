import { expect } from "vitest";
import { digestOf, startFakeRegistry } from "../engine/registry/fake-registry.ts";
import { idle, image, onEveryEngine } from "./harness.ts";

onEveryEngine("config", (scenario) => {
  scenario(
    "config --hash tells the hashes that up writes to the containers",
    {
      "compose.yaml": `
services:
  web: { image: "${image}", command: ${idle}, environment: { A: "1" }, secrets: [s], stop_grace_period: 1s }
  job: { image: "${image}", command: ["true"], volumes: [data:/data] }
volumes: { data: }
secrets: { s: { file: ./s.txt } }
`,
      "s.txt": "secret",
    },
    async (stack) => {
      expect((await stack.gantry("up", "-d")).exitCode).toBe(0);
      const labels = [...(await stack.containers()).values()].map(({ Labels }) => Labels);
      const lines = labels.map(
        (label) => `${label["com.docker.compose.service"]} ${label["com.docker.compose.config-hash"]}`,
      );
      const { stdout } = await stack.gantry("config", "--hash", "*");
      expect(stdout).toBe(lines.sort().join("\n"));
      expect((await stack.gantry("config", "--hash", "web")).stdout).toBe(lines[1]);
    },
  );

  scenario(
    "config finds the digests of images through the engine, and where there is none by itself",
    {},
    async (stack) => {
      const registry = await startFakeRegistry();
      try {
        const manifest = Buffer.from(
          JSON.stringify({
            schemaVersion: 2,
            mediaType: "application/vnd.oci.image.index.v1+json",
            manifests: [],
          }),
        );
        const entry = { type: "application/vnd.oci.image.index.v1+json", body: manifest };
        registry.manifests.set("1", entry);
        registry.manifests.set(digestOf(manifest), entry);
        const name = `${registry.host}/a/b`;
        const pinned = `${name}:1@${digestOf(manifest)}`;
        stack.write({
          "compose.yaml": `services: { a: { image: "${name}:1" }, b: { image: "${name}@${digestOf(manifest)}" }, c: { build: . } }`,
        });
        const locked = `services:\n  a:\n    image: ${pinned}\n  b:\n    image: ${name}@${digestOf(manifest)}\n  c: {}`;
        expect(await stack.gantry("config", "--lock-image-digests")).toMatchObject({ stdout: locked, exitCode: 0 });
        const alone = ["--engine", "unix:///nowhere.sock", "config"];
        expect(await stack.gantry(...alone, "--lock-image-digests")).toMatchObject({ stdout: locked, exitCode: 0 });
        const { stdout } = await stack.gantry("config", "--resolve-image-digests");
        expect(stdout).toContain(`image: ${pinned}\n`);
        stack.write({ "compose.yaml": `services: { a: { image: "${name}:2" } }` });
        const { stderr, exitCode } = await stack.gantry("config", "--resolve-image-digests");
        expect(stderr).toContain(`the digest of ${name}:2 cannot be found`);
        expect(exitCode).toBe(1);
      } finally {
        await registry.stop();
      }
    },
  );
});
