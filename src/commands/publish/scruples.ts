import type { ProjectModel } from "../../compose/model.ts";
import { GantryError } from "../../errors.ts";
import type { FoundSecret } from "./secrets.ts";

/**
 * What speaks against publishing a project, as questions for whoever publishes it: bind mounts, what looks like a secret, and
 * variables with values. As docker compose, it refuses what cannot be used elsewhere (services that are only built) and,
 * without `--with-env`, what holds values of the environment. Pure.
 *
 * @param project all services, of every profile
 * @throws GantryError for what is refused
 */
export function scruplesOf(
  project: ProjectModel,
  { withEnv, secrets }: { readonly withEnv: boolean; readonly secrets: readonly FoundSecret[] },
): readonly string[] {
  const services = [...project.services.values()];
  const built = services.filter(({ build, image }) => build !== undefined && image === undefined);
  if (built.length > 0) {
    const names = built.map(({ name }) => `"${name}"`).join(", ");
    throw new GantryError(
      `the project cannot be published: ${names} ${built.length > 1 ? "have" : "has"} a build section only`,
      {
        hint: "give the service an image, which is pushed along",
      },
    );
  }
  const values = environmentOf(project);
  if (!withEnv && values.length > 0) {
    throw new GantryError(
      `the project holds values of the environment: ${values.map(({ where }) => where).join(", ")}`,
      {
        hint: "allow them with --with-env, or take them out of the files",
      },
    );
  }
  const binds = services.flatMap(({ name, volumes }) =>
    (volumes ?? []).flatMap(({ type, source, target }) =>
      type === "bind" ? [`  ${name}: ${source} at ${target}`] : [],
    ),
  );
  const variables = values.flatMap(({ where, names }) => names.map((name) => `  ${where}: ${name}`));
  const found = secrets.map(({ kind, file, line }) => `  ${file}:${line}: ${kind}`);
  return [
    ...ask(
      binds,
      "mounts files of this machine; their names are published, their contents are not",
      "Publish these mounts?",
    ),
    ...ask(found, "holds what looks like secrets", "Publish these secrets?"),
    ...ask(variables, "holds variables and their values", "Publish these variables?"),
  ];
}

function ask(lines: readonly string[], what: string, question: string): readonly string[] {
  return lines.length === 0 ? [] : [`The project ${what}:\n${lines.join("\n")}\n${question}`];
}

interface Values {
  readonly where: string;
  readonly names: readonly string[];
}

function environmentOf({ services, configs }: ProjectModel): readonly Values[] {
  const ofServices = [...services.values()].flatMap(({ name, environment, env_file }): Values[] => {
    const names = [...(environment?.keys() ?? [])];
    const hasFiles = (env_file?.length ?? 0) > 0;
    return names.length > 0 || hasFiles
      ? [{ where: `service "${name}"`, names: hasFiles ? [...names, "env_file"] : names }]
      : [];
  });
  const ofConfigs = [...configs].flatMap(([key, { environment }]): Values[] =>
    environment === undefined ? [] : [{ where: `config "${key}"`, names: [environment] }],
  );
  return [...ofServices, ...ofConfigs];
}
