import { sizeText } from "../../ui/size-text.ts";
import { renderTable } from "../../ui/table.ts";
import type { Answer } from "../answer.ts";
import { openEngine } from "../session.ts";
import { Flags, Verb } from "../verb.ts";
import { transformationLabel } from "./transformation.ts";

interface Row {
  readonly repository: string;
  readonly id: string;
  readonly size: number;
}

/** `gantry bridge transformations list`: the transformation images that the engine has. */
export default class List extends Verb {
  static override summary = "List transformation images";
  static override forText = ["format", "quiet"];
  static override flags = {
    format: Flags.option({ options: ["table", "json"] as const, default: "table", description: "how to print it" })(),
    quiet: Flags.boolean({ char: "q", description: "names only" }),
  };

  async run(): Promise<Answer> {
    const { flags } = await this.parse(List);
    const engine = await openEngine(flags);
    const images = await engine.imageList({ filters: { label: [transformationLabel] } });
    const rows = images.flatMap(({ Id, RepoTags, Size }): Row[] =>
      (RepoTags ?? []).map((repository) => ({ repository, id: Id.replace(/^sha256:/, "").slice(0, 12), size: Size })),
    );
    const columns = [
      { heading: "IMAGE", cell: ({ repository }: Row) => repository },
      { heading: "IMAGE ID", cell: ({ id }: Row) => id },
      { heading: "SIZE", cell: ({ size }: Row) => sizeText(size, "decimal") },
    ];
    if (flags.json) return { data: { transformations: rows } };
    if (flags.quiet) process.stdout.write(rows.map(({ repository }) => `${repository}\n`).join(""));
    else if (flags.format === "json") process.stdout.write(`${JSON.stringify(rows)}\n`);
    else process.stdout.write(renderTable(columns, rows));
    return 0;
  }
}
