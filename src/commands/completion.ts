import type { Answer } from "./answer.ts";
import { completionScripts } from "./completion-scripts.ts";
import { Args, Verb } from "./verb.ts";

/** `gantry completion SHELL`: what a shell reads to complete gantry's command line. */
export default class Completion extends Verb {
  static override summary = "Print the completion of a shell";
  static override description =
    "Load it with: source <(gantry completion bash); source <(gantry completion zsh); gantry completion fish | source. It completes verbs, flags and their values, and the names of services, profiles and projects.";
  static override args = {
    shell: Args.string({
      required: true,
      options: ["bash", "zsh", "fish"],
      description: "bash, zsh or fish",
      ignoreStdin: true,
    }),
  };

  async run(): Promise<Answer> {
    const { args, flags } = await this.parse(Completion);
    const shell = args.shell === "zsh" ? "zsh" : args.shell === "fish" ? "fish" : "bash";
    const script = completionScripts[shell];
    if (!flags.json) process.stdout.write(script);
    return { data: { shell, script } };
  }
}
