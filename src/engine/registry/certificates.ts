/** Whom a registry's certificate may be signed by, and who we are for it. */

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import tls from "node:tls";

/**
 * What stands below `<folder>/<host:port>/`: every `*.crt` is an authority, beside those of this machine; `NAME.cert` and `NAME.key`
 * are who we are. Of several folders the first that has any counts. Source: docker, "Verify repository client with certificates".
 */
export async function readCertificates(folders: readonly string[], host: string): Promise<tls.SecureContextOptions> {
  for (const folder of folders) {
    const place = path.join(folder, host);
    const names = await readdir(place).catch((): string[] => []);
    const read = (name: string) => readFile(path.join(place, name));
    const authorities = await Promise.all(names.filter((name) => name.endsWith(".crt")).map(read));
    const [own] = names.filter((name) => name.endsWith(".cert") && names.includes(keyOf(name)));
    if (authorities.length === 0 && own === undefined) continue;
    return {
      ...(authorities.length > 0 && { ca: [...authoritiesHere(), ...authorities] }),
      ...(own !== undefined && { cert: await read(own), key: await read(keyOf(own)) }),
    };
  }
  return { ca: [...authoritiesHere()] };
}

const keyOf = (name: string) => name.replace(/\.cert$/, ".key");

let known: readonly string[] | undefined;

/** Node brings its own list; what the administrator has added to the system's counts too. */
function authoritiesHere(): readonly string[] {
  known ??= [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])];
  return known;
}
