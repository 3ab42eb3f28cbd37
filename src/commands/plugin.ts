import manifest from "../../package.json" with { type: "json" };

/** What docker asks a plug-in about itself. Source: docker/cli, cli-plugins/metadata. */
export const pluginMetadata = {
  SchemaVersion: "0.1.0",
  Vendor: "Gantry",
  Version: `v${manifest.version}`,
  ShortDescription: "Docker Compose, by gantry",
  URL: "",
} as const;

/** docker's own flags in front of the plug-in's name, and the variable that says the same. */
const valued: ReadonlyMap<string, string> = new Map([
  ["--config", "DOCKER_CONFIG"],
  ["--context", "DOCKER_CONTEXT"],
  ["-c", "DOCKER_CONTEXT"],
  ["--host", "DOCKER_HOST"],
  ["-H", "DOCKER_HOST"],
  ["--log-level", ""],
  ["-l", ""],
  ["--tlscacert", ""],
  ["--tlscert", ""],
  ["--tlskey", ""],
]);
const switches: ReadonlyMap<string, string> = new Map([
  ["--debug", ""],
  ["-D", ""],
  ["--tls", "DOCKER_TLS"],
  ["--tlsverify", "DOCKER_TLS_VERIFY"],
]);

/** A command line that docker has handed to its plug-in. */
export interface PluginCall {
  /** What stands behind `compose`, with `--verbose` where docker was told to debug. */
  readonly argv: readonly string[];
  /** Variables that docker's own flags stand for. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Reads `[docker's flags] compose …`, with which docker starts `docker-compose` in a cli-plugins folder; undefined where the
 * command line is not of that form.
 *
 * @param argv without the program's name
 * @param environment docker sets DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND for plug-ins
 */
export function readPluginCall(argv: readonly string[], environment: NodeJS.ProcessEnv): PluginCall | undefined {
  if (environment.DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND === undefined) return undefined;
  const variables = new Map<string, string>();
  let isVerbose = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "compose") {
      const rest = argv.slice(i + 1);
      return { argv: isVerbose ? ["--verbose", ...rest] : rest, environment: Object.fromEntries(variables) };
    }
    const [name = "", given] = word.split(/=(.*)/s);
    const [variable, isSwitch] = switches.has(name) ? [switches.get(name), true] : [valued.get(name), false];
    if (variable === undefined) return undefined;
    if (name === "--debug" || name === "-D") isVerbose = true;
    const value = given ?? (isSwitch ? "1" : argv[++i]);
    if (variable !== "" && value !== undefined) variables.set(variable, value);
  }
  return undefined;
}
