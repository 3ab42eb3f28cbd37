import { Flags } from "../verb.ts";

/** `--format` of the lists. */
export const formatFlag = Flags.string({
  helpValue: "<form>",
  description: "table, table TEMPLATE, json, or a Go template such as {{.ID}}",
});
