import { describe, expect, it } from "vitest";
import { rewriteReferences } from "../../../src/commands/publish/rewrite.ts";

const rewrite = (text: string) =>
  rewriteReferences(text, { directory: "/srv/shop", interpolate: (path) => path.replace("$NAME", "prod") });

describe("the references of a published compose file", () => {
  it("are names beside it, and everything else stays", () => {
    const { text, envFiles, extended } = rewrite(`# kept
x-base: &base
  env_file: base.env
services:
  web:
    <<: *base
    extends: {file: ../common.yaml, service: web}  # also kept
    environment: {env_file: untouched}
  api:
    env_file: [a.env, {path: "$NAME.env", required: false}]
  own: {extends: web, env_file: a.env}
`);
    const name = (path: string) => envFiles.get(path) ?? extended.get(path) ?? "missing";
    expect([...envFiles.keys()]).toEqual(["/srv/shop/base.env", "/srv/shop/a.env", "/srv/shop/prod.env"]);
    expect([...extended.keys()]).toEqual(["/srv/common.yaml"]);
    expect(name("/srv/shop/a.env")).toMatch(/^[0-9a-f]{64}\.env$/);
    expect(text).toBe(`# kept
x-base: &base
  env_file: ${name("/srv/shop/base.env")}
services:
  web:
    <<: *base
    extends: {file: ${name("/srv/common.yaml")}, service: web}  # also kept
    environment: {env_file: untouched}
  api:
    env_file: [${name("/srv/shop/a.env")}, {path: ${name("/srv/shop/prod.env")}, required: false}]
  own: {extends: web, env_file: ${name("/srv/shop/a.env")}}
`);
  });

  it("tell the files of this machine that are included, in every form", () => {
    const { included, text } = rewrite(`include: [a.yaml, {path: [b.yaml, "oci://reg/c"]}, "https://x/y.git"]\n`);
    expect(included).toEqual(["a.yaml", "b.yaml"]);
    expect(text).toContain("a.yaml");
  });
});
