import { GantryError } from "../errors.ts";
import { loadAll } from "./project.ts";
import { prepareUp, type UpFlags, type UpRequest } from "./rounds.ts";

/**
 * The same request with the project as its files have it now. Throws what loading throws, and GantryError when the files
 * now mean a project of another name, whose containers would be others.
 */
export async function reload({ session }: UpRequest, flags: UpFlags, services: readonly string[]): Promise<UpRequest> {
  const loaded = await loadAll(flags, { services });
  const { name, environment } = loaded.project;
  if (name !== session.name) {
    throw new GantryError(`the project is now called "${name}", and "${session.name}" is being watched`, {
      hint: "end it and start again to go on with the new name",
    });
  }
  return prepareUp({ ...session, loaded, environment }, flags, services);
}
