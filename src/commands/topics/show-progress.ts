import type { Engine, Progress } from "../../engine/api.ts";
import { credentialsFor } from "../../engine/credentials.ts";
import { envelope } from "../../ui/envelope.ts";
import { processEnvironment } from "../process-environment.ts";

/** Pulls an image with the credentials that there are for it; a name without a tag is `latest`. */
export async function pullImage(
  engine: Engine,
  name: string,
  { platform, ...shown }: ShownAs & { readonly platform?: string | undefined },
  out: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const auth = await credentialsFor(name, processEnvironment());
  const fromImage = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
  const how = { ...(platform !== undefined && { platform }), ...(auth !== undefined && { auth }) };
  await showProgress(await engine.imagePull({ fromImage, ...how }), shown, out);
}

interface ShownAs {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Progress as lines: each change of a layer's state once, without the bars; with `--json` as lines of that, bars too. */
export async function showProgress(
  lines: AsyncIterable<Progress>,
  { quiet, json }: ShownAs,
  out: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const last = new Map<string, string>();
  for await (const { id = "", status = "", stream, progressDetail: { current, total } = {} } of lines) {
    if (json) {
      const text = stream?.trimEnd() ?? status;
      const part = { ...(id !== "" && { part: id }), text, ...(current && { current }), ...(total && { total }) };
      if (!quiet && text !== "") process.stdout.write(envelope("progress", part));
    } else if (stream !== undefined) out.write(stream);
    else if (!quiet && last.get(id) !== status) out.write(`${id === "" ? "" : `${id}: `}${status}\n`);
    last.set(id, status);
  }
}
