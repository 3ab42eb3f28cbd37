import type { ContainerSummary, VolumeResource } from "../engine/api.ts";
import { labels } from "../reconcile/labels.ts";
import type { Answer } from "./answer.ts";
import { listContainers } from "./list-containers.ts";
import { printRows } from "./print-rows.ts";
import { findProject } from "./project.ts";
import { openEngine } from "./session.ts";
import { Flags, serviceArgs, Verb } from "./verb.ts";

/** `gantry volumes`: the project's volumes, or those that the containers of services use. */
export default class Volumes extends Verb {
  static override summary = "List the project's volumes";
  static override args = serviceArgs;
  static override forText = ["format", "quiet"];
  static override flags = {
    format: Flags.string({
      helpValue: "<form>",
      description: "table, table TEMPLATE, json, or a Go template such as {{.Name}}",
    }),
    quiet: Flags.boolean({ char: "q", description: "names only" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Volumes);
    const services = args.services ?? [];
    const [engine, { name }] = await Promise.all([openEngine(flags), findProject(flags, services)]);
    const [list, containers] = await Promise.all([
      engine.volumeList({ filters: { label: [`${labels.project}=${name}`] } }),
      services.length === 0 ? [] : listContainers(engine, name, { all: true, services }),
    ]);
    const used = mountedVolumes(containers);
    const rows = (list.Volumes ?? [])
      .filter((volume) => services.length === 0 || used.has(volume.Name))
      .toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
      .map(volumeRow);
    printRows(rows, flags, ({ Name }) => Name, { columns, fields, headings });
    return { data: { volumes: rows } };
  }
}

/** A volume as docker's `volume ls --format json` has it. What the engine's list does not tell is `N/A`. */
export interface VolumeRow {
  readonly Availability: string;
  readonly Driver: string;
  readonly Group: string;
  readonly Labels: string;
  readonly Links: string;
  readonly Mountpoint: string;
  readonly Name: string;
  readonly Scope: string;
  readonly Size: string;
  readonly Status: string;
}

const columns = [
  { heading: "DRIVER", cell: ({ Driver }: VolumeRow) => Driver },
  { heading: "VOLUME NAME", cell: ({ Name }: VolumeRow) => Name },
];
const headings = { Name: "VOLUME NAME" };
const fields: readonly (keyof VolumeRow)[] = [
  "Availability",
  "Driver",
  "Group",
  "Labels",
  "Links",
  "Mountpoint",
  "Name",
  "Scope",
  "Size",
  "Status",
];

function volumeRow({ Name, Driver, Labels, Mountpoint, Scope }: VolumeResource): VolumeRow {
  return {
    Availability: "N/A",
    Driver,
    Group: "N/A",
    Labels: Object.entries(Labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    Links: "N/A",
    Mountpoint: Mountpoint ?? "",
    Name,
    Scope: Scope ?? "local",
    Size: "N/A",
    Status: "N/A",
  };
}

function mountedVolumes(containers: readonly ContainerSummary[]): ReadonlySet<string> {
  return new Set(containers.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name]))));
}
