import { Flags } from "../verb.ts";

/** `--format` of the lists. */
export const formatFlag = Flags.string({
  helpValue: "<form>",
  description: "table, table TEMPLATE, json, or a Go template such as {{.ID}}",
});

/** `--quiet` of the lists: ids, or names. */
export const quietFlag = (what: "ids" | "names") => Flags.boolean({ char: "q", description: `${what} only` });
