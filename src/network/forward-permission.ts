/**
 * Living beside others that forbid forwarding: dockerd and ufw set the policy of iptables' FORWARD to DROP, and no other
 * table can overrule that. So our links get an exception there. It opens nothing: our own table decides as before, and
 * what passes between our containers and dockerd's is left to dockerd's own rules.
 */

import { allLinks } from "./kernel.ts";
import type { Owner } from "./model.ts";
import { tryRun } from "./run.ts";

export interface ForwardPermission {
  /** Our exception stands wherever it is needed. `links` are our bridges; nothing is done where all is as it should be. */
  ensure(links: readonly string[]): Promise<void>;
  /** Our exception goes. */
  clear(): Promise<void>;
}

const ourLinks = "gt-+";

export const permissionChain = ({ tag }: Owner): string => `GANTRY-${tag}`;

export function keepForwardPermission(owner: Owner): ForwardPermission {
  const each = async (edit: (rules: string) => string | undefined) => {
    await Promise.all(
      (["iptables", "ip6tables"] as const).map(async (tool) => {
        const rules = await listRules(tool);
        const text = rules === undefined ? undefined : edit(rules);
        if (text === undefined) return;
        const { code, stderr } = await tryRun(`${tool}-restore`, ["--noflush", "--wait"], text);
        if (code !== 0) throw new Error(`${tool}-restore: ${stderr.trim()}`);
      }),
    );
  };
  return {
    ensure: async (links) => {
      const patterns = [ourLinks, ...links.filter((link) => !link.startsWith("gt-"))];
      const others = [...(await allLinks())].filter((link) => link.startsWith("br-") && !isDockers(link));
      await each((rules) => permission(owner, rules, patterns, others));
    },
    clear: () => each((rules) => noPermission(owner, rules)),
  };
}

/** dockerd's bridges: `docker0`, `docker_gwbridge`, and `br-` with twelve digits. */
const isDockers = (link: string) => /^(docker.*|br-[0-9a-f]{12})$/.test(link);

/** The filter table as rules; undefined where there is no iptables. */
async function listRules(tool: "iptables" | "ip6tables"): Promise<string | undefined> {
  return tryRun(tool, ["--wait", "-S"]).then(
    ({ code, stdout }) => (code === 0 ? stdout : undefined),
    () => undefined,
  );
}

/**
 * What makes the exception, for `iptables-restore --noflush`; undefined where it stands already, or forwarding is allowed.
 * `rules` is what `iptables -S` says; `others` are links that only look like dockerd's.
 */
export function permission(
  owner: Owner,
  rules: string,
  patterns: readonly string[],
  others: readonly string[],
): string | undefined {
  const lines = rules.trim().split("\n");
  const chain = permissionChain(owner);
  const place = lines.includes("-N DOCKER-USER") ? "DOCKER-USER" : "FORWARD";
  if (place === "FORWARD" && !lines.includes("-P FORWARD DROP")) return undefined;
  const wanted = exceptions(patterns, others).map((rule) => `-A ${chain} ${rule}`);
  const jump = `-A ${place} -j ${chain}`;
  const first = isFirst(
    lines.filter((line) => line.startsWith(`-A ${place} `)),
    jump,
  );
  const there = lines.filter((line) => line.startsWith(`-A ${chain} `));
  if (first && there.join("\n") === wanted.join("\n")) return undefined;
  return restoring([
    `:${chain} - [0:0]`,
    ...wanted,
    ...(first ? [] : [...jumpsTo(lines, chain), `-I ${place} 1 -j ${chain}`]),
  ]);
}

/** Whether nothing but the exceptions of other engines comes before it: each wanting to be the first, they would never rest. */
function isFirst(rules: readonly string[], jump: string): boolean {
  const at = rules.indexOf(jump);
  return at >= 0 && rules.slice(0, at).every((rule) => / -j GANTRY-[0-9a-f]{8}$/.test(rule));
}

/** What takes the exception away; undefined where there is none. */
export function noPermission(owner: Owner, rules: string): string | undefined {
  const lines = rules.trim().split("\n");
  const chain = permissionChain(owner);
  if (!lines.includes(`-N ${chain}`)) return undefined;
  return restoring([`:${chain} - [0:0]`, ...jumpsTo(lines, chain), `-X ${chain}`]);
}

const restoring = (lines: readonly string[]) => `*filter\n${lines.join("\n")}\nCOMMIT\n`;

/** Deletes every jump that there is. */
const jumpsTo = (lines: readonly string[], chain: string) =>
  lines.filter((line) => line.endsWith(` -j ${chain}`)).map((line) => line.replace(/^-A/, "-D"));

function exceptions(patterns: readonly string[], others: readonly string[]): string[] {
  const pairs = [...patterns, ...others].flatMap((from) => [...patterns, ...others].map((to) => [from, to] as const));
  const ours = new Set(patterns);
  return [
    ...pairs
      .filter(([from, to]) => ours.has(from) || ours.has(to))
      .map(([from, to]) => `-i ${from} -o ${to} -j ACCEPT`),
    ...["br-+", "docker+"].flatMap((its) => [`-i ${its} -j RETURN`, `-o ${its} -j RETURN`]),
    ...patterns.flatMap((pattern) => [`-i ${pattern} -j ACCEPT`, `-o ${pattern} -j ACCEPT`]),
  ];
}
