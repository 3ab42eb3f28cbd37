import { describe, expect, it } from "vitest";
import { scruplesOf } from "../../../src/commands/publish/scruples.ts";
import { findSecrets } from "../../../src/commands/publish/secrets.ts";
import { projectOf } from "../../reconcile/project.ts";

const scruples = (text: string, withEnv = false) => scruplesOf(projectOf(text), { withEnv, secrets: [] });

describe("what speaks against publishing", () => {
  it("is nothing for images, volumes and networks", () => {
    expect(scruples(`services: {web: {image: x, volumes: ["data:/d"]}}\nvolumes: {data: {}}`)).toEqual([]);
  });

  it("refuses services that are only built", () => {
    expect(() => scruples("services: {web: {build: .}, db: {image: x, build: .}}")).toThrow(
      `"web" has a build section only`,
    );
  });

  it("refuses values of the environment, unless they are allowed, and then asks", () => {
    const text = `services: {web: {image: x, environment: {A: b}}}\nconfigs: {c: {environment: V}}`;
    expect(() => scruples(text)).toThrow(`the project holds values of the environment: service "web", config "c"`);
    const [question = ""] = scruples(text, true);
    expect(question).toContain(`service "web": A`);
    expect(question).not.toContain("b\n");
  });

  it("asks about mounts of this machine", () => {
    expect(scruples(`services: {web: {image: x, volumes: ["/etc:/e"]}}`)).toEqual([
      expect.stringContaining("web: /etc at /e"),
    ]);
  });
});

describe("what looks like a secret", () => {
  it.each([
    ["private key", "-----BEGIN RSA PRIVATE KEY-----"],
    ["AWS access key", `key: AKIA${"A".repeat(16)}`],
    ["GitHub token", `t: ghp_${"a".repeat(36)}`],
    ["password in a URL", "URL: postgres://me:hunter2@db/x"],
  ])("a %s", (kind, line) => {
    expect(findSecrets("f", `a: 1\n${line}\n`)).toEqual([{ kind, file: "f", line: 2 }]);
  });

  it("is not a variable in a secret's place, nor an ordinary line", () => {
    expect(findSecrets("f", `URL: postgres://me:\${PASSWORD}@db/x\nimage: nginx:1\n`)).toEqual([]);
  });
});
