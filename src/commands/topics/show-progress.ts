import type { Engine, Progress } from "../../engine/api.ts";
import { credentialsFor } from "../../engine/credentials.ts";
import { processEnvironment } from "../process-environment.ts";

/** Pulls an image with the credentials that there are for it; a name without a tag is `latest`. */
export async function pullImage(
  engine: Engine,
  name: string,
  { platform, quiet }: { readonly platform?: string | undefined; readonly quiet?: boolean },
  out: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const auth = await credentialsFor(name, processEnvironment());
  const fromImage = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
  const how = { ...(platform !== undefined && { platform }), ...(auth !== undefined && { auth }) };
  await showProgress(await engine.imagePull({ fromImage, ...how }), quiet === true, out);
}

/** Progress as lines: each change of a layer's state once, without the bars. */
export async function showProgress(
  lines: AsyncIterable<Progress>,
  isQuiet: boolean,
  out: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const last = new Map<string, string>();
  for await (const { id = "", status = "", stream } of lines) {
    if (stream !== undefined) out.write(stream);
    else if (!isQuiet && last.get(id) !== status) out.write(`${id === "" ? "" : `${id}: `}${status}\n`);
    last.set(id, status);
  }
}
