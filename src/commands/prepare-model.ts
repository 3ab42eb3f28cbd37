import { execFile } from "node:child_process";
import { GantryError, InterruptedError } from "../errors.ts";
import type { Tell } from "../reconcile/perform.ts";
import type { ModelRequest, Offer } from "../reconcile/plan.ts";
import { findPlugin } from "./docker-plugin.ts";
import type { ProgramRoom } from "./run-provider.ts";

/**
 * Makes a model ready with docker's model runner (the plug-in `docker-model`): pulls it where it is not there, sets how it
 * is run, and gives the variables MODEL and URL (the address of the runner) for the services that use it.
 *
 * @throws GantryError where there is no model runner, or with what it says
 */
export async function prepareModel(request: ModelRequest, room: ProgramRoom, tell: Tell): Promise<Offer> {
  const { model, contextSize, runtimeFlags } = request;
  const program = await findPlugin("model", room.environment);
  if (program === undefined) {
    throw new GantryError(`the model ${model} needs docker's model runner, which is not installed`, {
      hint: "install the plug-in docker-model (Docker Model Runner), or take `models` out of the service",
    });
  }
  const ask = (...args: string[]) => runModelRunner(program, args, room);
  const [list, status] = await Promise.all([ask("ls", "--json"), ask("status", "--json")]);
  if (!namesIn(list).includes(model)) {
    tell.progress({ text: "Pulling" });
    await ask("pull", model);
  }
  const size = contextSize === undefined ? [] : ["--context-size", String(contextSize)];
  await ask("configure", ...size, model, ...(runtimeFlags.length === 0 ? [] : ["--", ...runtimeFlags]));
  const { endpoint } = parse<{ endpoint?: unknown }>(status, "status");
  if (typeof endpoint !== "string" || endpoint === "") {
    throw new GantryError("docker's model runner does not say where it is", {
      hint: "start it, see: docker model status",
    });
  }
  return {
    prefixed: new Map([
      ["MODEL", model],
      ["URL", endpoint],
    ]),
    raw: new Map(),
  };
}

/** The names of the models in an answer of `ls --json`. */
function namesIn(list: string): readonly string[] {
  const models = parse<readonly { readonly tags?: readonly string[] }[]>(list, "ls");
  return Array.isArray(models) ? models.flatMap(({ tags }) => tags ?? []) : [];
}

function parse<T extends object>(text: string, verb: string): T {
  try {
    return JSON.parse(text);
  } catch {
    throw new GantryError(`docker's model runner answers no JSON to \`${verb}\``, {
      hint: `try: docker model ${verb}`,
    });
  }
}

function runModelRunner(program: string, args: readonly string[], room: ProgramRoom): Promise<string> {
  const { environment, signal } = room;
  return new Promise((resolve, reject) => {
    const options = { env: Object.fromEntries(environment), signal, maxBuffer: 16 * 2 ** 20 };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(new InterruptedError());
      else reject(new GantryError(`docker model ${args[0]}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}
