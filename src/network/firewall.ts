/** Our table in the kernel: brought up to the model, each change one transaction. */

import { nft } from "./kernel.ts";
import type { Owner } from "./model.ts";
import { type Firewall, noRuleset, ruleset } from "./ruleset.ts";

export interface FirewallKeeper {
  /** The kernel holds this when it resolves; nothing is done where it does already. */
  apply(wanted: Omit<Firewall, "owner">): Promise<void>;
  /** The table goes. */
  clear(): Promise<void>;
}

export function keepFirewall(owner: Owner): FirewallKeeper {
  let held: string | undefined;
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
  };
}
