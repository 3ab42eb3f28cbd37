import type { Means } from "../reconcile/perform.ts";
import type { Session } from "./session.ts";

/** What steps need beside the engine; read only by the steps that need it. */
export function meansOf(
  { engine, environment, debug }: Pick<Session, "engine" | "environment" | "debug">,
  signal: AbortSignal,
): Means {
  const room = () => ({ environment: withEngine(environment, engine.url), signal, debug });
  return {
    engine,
    build: async (order, tell) =>
      (await import("../engine/builders/build-image.ts")).buildImage(order, { ...room(), engine, ...tell }),
    packFiles: async function* (files) {
      yield* (await import("../engine/build-context.ts")).packFiles(files);
    },
    authFor: async (reference) => (await import("../engine/credentials.ts")).credentialsFor(reference, environment),
    findListener: async (port) => (await import("./find-listener.ts")).findListener(port),
    runProvider: async (request, tell) => (await import("./run-provider.ts")).runProvider(request, room(), tell),
    prepareModel: async (request, tell) => (await import("./prepare-model.ts")).prepareModel(request, room(), tell),
  };
}

/** The variables for programs that are to find the same engine; one behind TLS they find as gantry did. */
function withEngine(environment: Session["environment"], url: string): Session["environment"] {
  return /^(unix|ssh):/.test(url) ? new Map(environment).set("DOCKER_HOST", url) : environment;
}
