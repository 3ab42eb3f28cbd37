import { Flags } from "./verb.ts";

/** The flags by which `exec` and `run` say what of this terminal the process in the container gets. */
export const terminalFlags = {
  interactive: Flags.boolean({ char: "i", allowNo: true, default: true, hidden: true }),
  "no-tty": Flags.boolean({ char: "T", aliases: ["no-TTY"], description: "no terminal for the process" }),
  tty: Flags.boolean({ char: "t", allowNo: true, hidden: true }),
};
