import { execa } from "execa";
import { examineHost, type Finding, packagesFor, readHost } from "../engine/host.ts";
import { exitCodes, GantryError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { styleOf } from "./screen.ts";
import { Flags, Verb } from "./verb.ts";

/** `gantry doctor`: whether this machine can run the embedded engine, and what it lacks. */
export default class Doctor extends Verb {
  static override summary = "Check this machine for the embedded engine";
  static override description =
    "Checks what the engine that gantry brings along needs of this machine: kernel, control groups, runtime, firewall. Ends with 1 where something is missing.";
  static override flags = {
    fix: Flags.boolean({ description: "install what is missing (Debian and Ubuntu, as root)" }),
  };

  async run(): Promise<Answer> {
    const { flags } = await this.parse(Doctor);
    let findings = examineHost(await readHost());
    if (flags.fix && packagesFor(findings).length > 0) {
      await installPackages(packagesFor(findings));
      findings = examineHost(await readHost());
    }
    if (!flags.json) this.log(render(findings));
    const exitCode = findings.some(({ state }) => state === "missing") ? exitCodes.failure : exitCodes.ok;
    return { exitCode, data: { findings } };
  }
}

function render(findings: readonly Finding[]): string {
  const style = styleOf(process.stdout);
  const marks = {
    ok: style("green", "ok     "),
    warning: style("yellow", "warning"),
    missing: style("red", "missing"),
  };
  const lines = findings.map(
    ({ state, what, hint }) => `${marks[state]}  ${what}${hint === undefined ? "" : ` — ${hint}`}`,
  );
  const packages = packagesFor(findings);
  const advice =
    packages.length === 0 ? [] : ["", `apt-get install ${packages.join(" ")}    (or: gantry doctor --fix)`];
  return [...lines, ...advice].join("\n");
}

async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...packages],
  ]) {
    process.stderr.write(`apt-get ${args.join(" ")}\n`);
    const { exitCode, stderr } = await execa("apt-get", args, { env, reject: false, stdin: "ignore" });
    if (exitCode === 0) continue;
    throw new GantryError(`apt-get ${args[0]} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`, {
      hint: `install these with your system's package manager: ${packages.join(", ")}`,
    });
  }
}
