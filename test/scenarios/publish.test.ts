import path from "node:path";
import { expect } from "vitest";
import { startRegistry } from "../engine/registry/docker-registry.ts";
import { idle, image, onEveryEngine, type Stack } from "./harness.ts";

const files = {
  "compose.yaml": `services:
  web:
    extends: {file: common/base.yaml, service: base}
    env_file: web.env
`,
  "override.yaml": `services: {web: {labels: {from: override}}}\n`,
  "common/base.yaml": `services: {base: {image: "${image}", command: ${idle}}}\n`,
  "web.env": "GREETING=hello\n",
};

/** Runs with a registry, which serves on this machine and so needs no TLS. */
async function withRegistry(body: (host: string) => Promise<void>): Promise<void> {
  const server = await startRegistry();
  try {
    await body(server.host);
  } finally {
    await server.stop();
  }
}

/** The project as it is read back, in an empty folder. */
async function readBack({ start, folder }: Stack, reference: string, ...args: readonly string[]) {
  const env = { XDG_CACHE_HOME: path.join(folder, "cache"), GANTRY_TRUST_REMOTE: "true" };
  return start(["-f", `oci://${reference}`, "config", "--format", "json", ...args], env);
}

onEveryEngine("publish", (scenario) => {
  scenario("what is published is what is read back, in the form of docker compose", files, async (stack) => {
    await withRegistry(async (host) => {
      const { gantry } = stack;
      const reference = `${host}/team/shop:1`;
      const refused = await gantry("publish", reference);
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`service "web"`) });
      const unasked = await gantry("publish", "--with-env", reference);
      expect(unasked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("--yes") });

      const published = await gantry(
        "-f",
        "compose.yaml",
        "-f",
        "override.yaml",
        "publish",
        "--with-env",
        "-y",
        reference,
      );
      expect(published.exitCode, published.stderr).toBe(0);
      expect(published.stderr).toContain(`${reference}  published`);
      const back = await readBack(stack, reference);
      expect(back.exitCode, back.stderr).toBe(0);
      const { web } = JSON.parse(back.stdout).services;
      expect(web).toMatchObject({ image, environment: { GREETING: "hello" }, labels: { from: "override" } });

      const answer = await fetch(`http://${host}/v2/team/shop/manifests/1`, {
        headers: { Accept: "application/vnd.oci.image.manifest.v1+json" },
      });
      const { artifactType, config, layers } = JSON.parse(await answer.text());
      expect(artifactType).toBe("application/vnd.docker.compose.project");
      expect(config.mediaType).toBe("application/vnd.oci.empty.v1+json");
      const named = layers.map(({ mediaType, annotations }: { mediaType: string; annotations: object }) => [
        mediaType.replace("application/vnd.docker.compose.", ""),
        Object.entries(annotations).map(([key, value]) => `${key.replace("com.docker.compose.", "")}=${value}`)[1],
      ]);
      expect(named).toEqual([
        ["file+yaml", "file=compose.yaml"],
        ["file+yaml", expect.stringMatching(/^file=[0-9a-f]{64}\.yaml$/)],
        ["file+yaml", "file=override.yaml"],
        ["envfile", expect.stringMatching(/^envfile=[0-9a-f]{64}\.env$/)],
      ]);
    });
  });

  scenario(
    "an artifact of OCI 1.0, with the images and their digests",
    { "compose.yaml": `services: {web: {image: "\${HOST}/web:1", command: ${idle}}}` },
    async (stack) => {
      await withRegistry(async (host) => {
        const env = { HOST: host };
        const reference = `${host}/team/app:1`;
        const tagged = `${host}/web:1`;
        await stack.engine.imageTag({ name: image, repo: `${host}/web`, tag: "1" });
        try {
          const pushed = await stack.start(["image", "push", "-q", tagged]);
          expect(pushed.exitCode, pushed.stderr).toBe(0);
          const flags = ["--oci-version", "1.0", "--resolve-image-digests", "--app", "--json", "-y"];
          const published = await stack.start(["publish", ...flags, reference], env);
          expect(published.exitCode, published.stderr).toBe(0);
          const result = JSON.parse(published.stdout.split("\n").at(-1) ?? "");
          expect(result).toMatchObject({ gantry: 1, type: "result", reference });
          const back = await readBack(stack, reference);
          const { web } = JSON.parse(back.stdout).services;
          expect(web.image).toMatch(new RegExp(`^${host}/web:1@sha256:[0-9a-f]{64}$`));
          const digest = web.image.split("@")[1];
          const copied = await fetch(`http://${host}/v2/team/app/manifests/${digest}`, {
            headers: { Accept: "*/*" },
          });
          expect(copied.status).toBe(200);
        } finally {
          await stack.engine.imageRemove({ name: tagged });
        }
      });
    },
  );

  scenario("what cannot be published is refused with its reason", files, async ({ gantry, write }) => {
    write({ "compose.yaml": "include: [common/base.yaml]\nservices: {}\n" });
    const included = await gantry("publish", "-y", "127.0.0.1:1/x");
    expect(included).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("includes common/base.yaml") });
    write({ "compose.yaml": "services: {web: {build: .}}" });
    const built = await gantry("publish", "-y", "127.0.0.1:1/x");
    expect(built).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("build section only") });
  });
});
