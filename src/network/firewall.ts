/** Our table in the kernel: brought up to the model, each change one transaction, and again when somebody else changes it. */

import type { Owner } from "./model.ts";
import { type Firewall, noRuleset, ruleset, tableName } from "./ruleset.ts";
import { run } from "./run.ts";
import type { RulesetChange } from "./watch-ruleset.ts";

export interface FirewallKeeper {
  /** The kernel holds this when it resolves; nothing is done where it does already. */
  apply(wanted: Omit<Firewall, "owner">): Promise<void>;
  /** The table goes. */
  clear(): Promise<void>;
  /** What the kernel holds is not known any more: the next `apply` writes it. */
  forget(): void;
  /** Whether somebody else has changed our table with this. */
  isForeign(change: RulesetChange): Promise<boolean>;
}

export function keepFirewall(owner: Owner): FirewallKeeper {
  let held: string | undefined;
  /** Our own changes that were not seen yet; some never are. */
  const pids = new Set<number>();
  let seen = false;
  let running: Promise<unknown> = Promise.resolve();
  const nft = async (text: string) => {
    const done = run("nft", ["-f", "-"], text, (pid) => pids.add(pid));
    running = done.catch(() => {});
    await done;
  };
  const table = `inet ${tableName(owner)}`;
  return {
    apply: async (wanted) => {
      const text = ruleset({ ...wanted, owner });
      if (text === held) return;
      held = undefined;
      await nft(text);
      held = text;
    },
    clear: async () => {
      held = undefined;
      await nft(noRuleset(owner));
    },
    forget: () => {
      held = undefined;
    },
    isForeign: async ({ lines, pid }) => {
      if (!lines.some((line) => line.includes(table))) return false;
      await running;
      if (pids.delete(pid)) {
        seen = true;
        return false;
      }
      // In a PID namespace of our own we do not know ourselves: as many changes as we made are taken for ours.
      const [oldest] = pids;
      if (seen || oldest === undefined) return true;
      pids.delete(oldest);
      return false;
    },
  };
}
