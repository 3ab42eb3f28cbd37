/** What /proc/self/mountinfo says (proc_pid_mountinfo(5)). */

export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  readonly target: string;
  /** Mounts below it reach the mount namespaces that have it too. */
  readonly shared: boolean;
  readonly type: string;
}

export function parseMountTable(text: string): readonly MountEntry[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [id, parent, , , target = "", , ...optional] = before.split(" ");
      return {
        id: Number(id),
        parent: Number(parent),
        target: unescapePath(target),
        shared: optional.some((field) => field.startsWith("shared:")),
        type: after.split(" ")[0] ?? "",
      };
    });
}

/**
 * What tells a mount namespace of ours to be out of date: the mounts that do not reach it by themselves, because what they
 * are mounted on is not shared.
 */
export function unsharedMounts(table: readonly MountEntry[]): string {
  const byId = new Map(table.map((entry) => [entry.id, entry]));
  return table
    .filter(({ parent }) => byId.get(parent)?.shared !== true)
    .map(({ id, target }) => `${id} ${target}`)
    .join("\n");
}

/** Spaces, tabs, line ends and backslashes are written as octal numbers there. */
function unescapePath(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
