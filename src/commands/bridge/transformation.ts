import type { Engine } from "../../engine/api.ts";
import { credentialsFor } from "../../engine/credentials.ts";
import { EngineError } from "../../errors.ts";
import { processEnvironment } from "../process-environment.ts";

/** The image that turns compose models into something else where none is named. */
export const defaultTransformation = "docker/compose-bridge-kubernetes";

/** The label of images that are transformations. */
export const transformationLabel = "com.docker.compose.bridge=transformation";

/** Pulls an image that is not there. Throws EngineError where it cannot be had. */
export async function ensureImage(engine: Engine, name: string): Promise<void> {
  try {
    await engine.imageInspect({ name });
    return;
  } catch (error) {
    if (!(error instanceof EngineError) || error.status !== 404) throw error;
  }
  process.stderr.write(` Image ${name}  Pulling\n`);
  const auth = await credentialsFor(name, processEnvironment());
  const fromImage = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
  for await (const _ of await engine.imagePull({ fromImage, ...(auth !== undefined && { auth }) }));
  process.stderr.write(` Image ${name}  Pulled\n`);
}
