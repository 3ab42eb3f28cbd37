import type { Parsed } from "./parsed.ts";

/** A mount of the long form. A volume without `source` is anonymous. */
export interface MountSpec {
  readonly type: "bind" | "volume";
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly bind?: {
    readonly create_host_path?: boolean;
    readonly propagation?: string;
    readonly selinux?: string;
  };
  readonly volume?: { readonly nocopy?: boolean };
}

const propagations: ReadonlySet<string> = new Set(["rprivate", "private", "rshared", "shared", "rslave", "slave"]);
const hint = "write [SOURCE:]TARGET[:OPTIONS], e.g. ./data:/data:ro";

/**
 * Reads a mount:
 *
 *     TARGET | SOURCE:TARGET | SOURCE:TARGET:OPTION[,OPTION…]
 *     OPTION := ro | rw | nocopy | z | Z | [r]private | [r]shared | [r]slave        others are ignored, as docker compose does
 *
 * The source is a path of the host if it starts with `.`, `/`, `~`, `\` or a drive (`c:`), else a volume's name. A colon
 * after a single leading letter belongs to a drive; colons within `${…}` do not separate.
 */
export function parseMount(spec: string): Parsed<MountSpec> {
  if (spec === "") return { error: "invalid empty volume spec", hint };
  if (spec.length <= 2) return { value: { type: "volume", target: spec } };
  const sections = split(spec);
  if (sections.includes("")) return { error: `invalid spec: ${spec}: empty section between colons`, hint };
  if (sections.length > 3) return { error: `invalid spec: ${spec}: too many colons`, hint };

  const [first = "", second, third] = sections;
  if (second === undefined) return { value: { type: "volume", target: cleanTarget(first), volume: {} } };
  const options = readOptions(third);
  const common = {
    source: first,
    target: cleanTarget(second),
    ...(options.readOnly && { read_only: true }),
  };
  const bind = {
    ...(options.propagation !== undefined && { propagation: options.propagation }),
    ...(options.selinux !== undefined && { selinux: options.selinux }),
  };
  if (isHostPath(first)) return { value: { type: "bind", ...common, bind: { ...bind, create_host_path: true } } };
  return {
    value: {
      type: "volume",
      ...common,
      ...(Object.keys(bind).length > 0 && { bind }),
      volume: options.nocopy ? { nocopy: true } : {},
    },
  };
}

/** A container path without `.`, `..` and doubled or trailing slashes (Go's `path.Clean`). Empty stays empty. */
export function cleanTarget(path: string): string {
  if (path === "") return "";
  const rooted = path.startsWith("/");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push("..");
  }
  if (rooted) return `/${kept.join("/")}`;
  return kept.length === 0 ? "." : kept.join("/");
}

function split(spec: string): readonly string[] {
  const sections: string[] = [];
  let start = 0;
  let depth = 0;
  for (let i = 0; i < spec.length; i++) {
    if (spec.startsWith("${", i)) depth++;
    else if (spec[i] === "}" && depth > 0) depth--;
    else if (spec[i] === ":" && depth === 0 && !/^\p{L}$/u.test(spec.slice(start, i))) {
      sections.push(spec.slice(start, i));
      start = i + 1;
    }
  }
  sections.push(spec.slice(start));
  return sections;
}

function isHostPath(source: string): boolean {
  return /^([./~\\]|\p{L}:)/u.test(source);
}

interface Options {
  readonly readOnly: boolean;
  readonly nocopy: boolean;
  readonly propagation: string | undefined;
  readonly selinux: string | undefined;
}

function readOptions(text: string | undefined): Options {
  const options = text?.split(",") ?? [];
  return {
    readOnly: options.findLast((option) => option === "ro" || option === "rw") === "ro",
    nocopy: options.includes("nocopy"),
    propagation: options.findLast((option) => propagations.has(option)),
    selinux: options.findLast((option) => option === "z" || option === "Z"),
  };
}
