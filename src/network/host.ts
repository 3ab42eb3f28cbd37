/** What the host already has: its links' subnets, and the settings that forwarding needs. */

import { readFile, writeFile } from "node:fs/promises";
import { parseAddress, parseSubnet, type Subnet, subnetOf } from "./address.ts";
import { run } from "./run.ts";

/** The subnets that the host's links and routes use, but for the default routes and those of some links. */
export async function hostSubnets(without: ReadonlySet<string>): Promise<Subnet[]> {
  const texts = await Promise.all(
    ["-4", "-6"].map((family) => run("ip", ["-json", family, "route", "show", "table", "main"])),
  );
  return texts
    .flatMap((text): readonly Route[] => (text.trim() === "" ? [] : JSON.parse(text)))
    .filter(({ dev }) => dev === undefined || !without.has(dev))
    .flatMap(({ dst }) => subnetOfRoute(dst) ?? []);
}

interface Route {
  readonly dst: string;
  readonly dev?: string;
}

function subnetOfRoute(dst: string): Subnet | undefined {
  const address = parseAddress(dst);
  return address === undefined ? parseSubnet(dst) : subnetOf(address, address.family === 4 ? 32 : 128);
}

/** The host's address that containers reach it by: the one that its default route goes out with. */
export async function hostAddress(): Promise<string | undefined> {
  const routes: readonly { readonly prefsrc?: string }[] = JSON.parse(
    (await run("ip", ["-json", "-4", "route", "show", "default"])) || "[]",
  );
  return routes.find(({ prefsrc }) => prefsrc !== undefined)?.prefsrc;
}

/** Sets what is not set already; a setting that is not there is left alone. */
export async function setSysctl(name: string, value: string): Promise<void> {
  const file = `/proc/sys/${name}`;
  const current = await readFile(file, "utf8").catch(() => undefined);
  if (current !== undefined && current.trim() !== value) await writeFile(file, value);
}
