import type { ProjectModel } from "../compose/model.ts";
import { select } from "../compose/select.ts";
import { configHash, fieldDigests } from "../reconcile/fields.ts";
import { imageReference } from "../reconcile/names.ts";
import { readProjectFiles } from "./project-files.ts";

/**
 * A service and its hash for each of the services, sorted: the value that `up` writes to the label
 * `com.docker.compose.config-hash`. (Only where a variable without a value takes away one that the image sets does the
 * label say more: the image is not looked at here.)
 *
 * @param wanted names with commas between, or `*`
 * @throws ProjectError for a name that no service has
 */
export async function hashesOf(
  project: ProjectModel,
  wanted: string,
): Promise<readonly (readonly [service: string, hash: string])[]> {
  const names = wanted === "*" ? [] : wanted.split(",").map((name) => name.trim());
  const { services } = select(project, names, { dependencies: false });
  const files = await readProjectFiles(project);
  return [...services.values()]
    .map((service): [string, string] => {
      const facts = { project, service, image: undefined, imageReference: imageReference(project, service), ...files };
      return [service.name, configHash(fieldDigests(facts))];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}
