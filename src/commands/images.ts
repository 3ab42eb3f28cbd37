import type { ContainerSummary, Engine, ImageInspect } from "../engine/api.ts";
import { EngineError } from "../errors.ts";
import { nameOf } from "../reconcile/containers.ts";
import { durationText } from "../ui/container-row.ts";
import { sizeText } from "../ui/size-text.ts";
import { renderTable, wide } from "../ui/table.ts";
import type { Answer } from "./answer.ts";
import { listContainers } from "./list-containers.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry images`: the images of the project's containers. */
export default class Images extends Verb {
  static override summary = "List the containers' images";
  static override args = serviceArgs;
  static override forText = ["format", "quiet"];
  static override flags = {
    format: Flags.option({ options: ["table", "json"] as const, description: "how to print it" })(),
    quiet: Flags.boolean({ char: "q", description: "ids only" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Images);
    const services = args.services ?? [];
    const [engine, { name }] = await Promise.all([openEngine(flags), findProject(flags, services)]);
    const containers = await listContainers(engine, name, { all: true, oneOffs: true, services });
    const images = await inspectImages(engine, containers);
    const rows = containers.map((container) => imageRow(container, images.get(container.ImageID)));
    if (flags.json) return { data: { images: rows } };
    if (flags.quiet) {
      const ids = new Set(rows.map(({ ID }) => ID.replace(/^sha256:/, "")));
      process.stdout.write([...ids].map((id) => `${id}\n`).join(""));
    } else if (flags.format === "json") process.stdout.write(`${JSON.stringify(rows)}\n`);
    else process.stdout.write(renderTable(columnsAt(Date.now()), rows, wide));
    return 0;
  }
}

/** One container's image, with the fields of docker compose's `images --format json`. */
export interface ImageRow {
  readonly ID: string;
  readonly ContainerName: string;
  readonly Repository: string;
  readonly Tag: string;
  readonly Platform: string;
  /** Bytes. */
  readonly Size: number;
  readonly LastTagTime?: string;
}

/** Each image once; one that is gone has no entry. */
async function inspectImages(
  engine: Engine,
  containers: readonly ContainerSummary[],
): Promise<ReadonlyMap<string, ImageInspect>> {
  const found = new Map<string, ImageInspect>();
  const ids = new Set(containers.map(({ ImageID }) => ImageID));
  const look = async (name: string) => {
    try {
      found.set(name, await engine.imageInspect({ name }));
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 404) throw error;
    }
  };
  await Promise.all([...ids].map(look));
  return found;
}

/** The row of a container; of the image's names, the one that the container was made from. */
export function imageRow(container: ContainerSummary, image: ImageInspect | undefined): ImageRow {
  const tags = image?.RepoTags ?? [];
  const name = tags.find((tag) => tag === container.Image || tag === `${container.Image}:latest`) ?? tags[0] ?? "";
  const digest = image?.RepoDigests?.[0]?.split("@")[0] ?? "<none>";
  const [repository = "", tag = ""] = name === "" ? [digest, "<none>"] : name.split(/:(?=[^/:]+$)/);
  const platform = [image?.Os, image?.Architecture, image?.Variant].filter((part) => part);
  return {
    ID: container.ImageID,
    ContainerName: nameOf(container),
    Repository: repository,
    Tag: tag,
    Platform: platform.join("/"),
    Size: image?.Size ?? 0,
    ...(image?.Metadata?.LastTagTime !== undefined && { LastTagTime: image.Metadata.LastTagTime }),
  };
}

/** The table's columns; `now` is unix milliseconds. Go's zero time stands for an image that was never tagged. */
function columnsAt(now: number) {
  const age = (time: string | undefined) => {
    const at = Date.parse(time ?? "");
    return at > 0 ? `${durationText((now - at) / 1000)} ago` : "N/A";
  };
  return [
    { heading: "CONTAINER", cell: ({ ContainerName }: ImageRow) => ContainerName },
    { heading: "REPOSITORY", cell: ({ Repository }: ImageRow) => Repository },
    { heading: "TAG", cell: ({ Tag }: ImageRow) => Tag },
    { heading: "PLATFORM", cell: ({ Platform }: ImageRow) => Platform },
    { heading: "IMAGE ID", cell: ({ ID }: ImageRow) => ID.replace(/^sha256:/, "").slice(0, 12) },
    { heading: "SIZE", cell: ({ Size }: ImageRow) => sizeText(Size, "decimal") },
    { heading: "CREATED", cell: ({ LastTagTime }: ImageRow) => age(LastTagTime) },
  ];
}
