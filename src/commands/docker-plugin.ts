import { access, constants } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { dockerDirectory, type Environment, readDockerConfig } from "../engine/docker-config.ts";

/** Where packages put the plug-ins of docker's command line. Source: docker/cli, cli-plugins/manager. */
const systemFolders = [
  "/usr/local/lib/docker/cli-plugins",
  "/usr/local/libexec/docker/cli-plugins",
  "/usr/lib/docker/cli-plugins",
  "/usr/libexec/docker/cli-plugins",
];

/** The path of the plug-in `docker-<name>`, or undefined where there is none. */
export async function findPlugin(name: string, environment: Environment): Promise<string | undefined> {
  if (!/^[a-z][a-z0-9]*$/.test(name)) return undefined;
  const { cliPluginsExtraDirs: extra = [] } = await readDockerConfig(environment);
  const folders = [...extra, join(dockerDirectory(environment), "cli-plugins"), ...systemFolders];
  return findExecutable(`docker-${name}`, folders);
}

/** The path of a program on the PATH; a name with a slash is a path already. */
export async function findProgram(name: string, environment: Environment): Promise<string | undefined> {
  if (name.includes("/")) return findExecutable(name, [""]);
  const folders = (environment.get("PATH") ?? "").split(delimiter).filter((folder) => folder !== "");
  return findExecutable(name, folders);
}

async function findExecutable(name: string, folders: readonly string[]): Promise<string | undefined> {
  const candidates = folders.map((folder) => resolve(folder, name));
  const found = await Promise.all(
    candidates.map((path) =>
      access(path, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return candidates.find((_, i) => found[i]);
}
