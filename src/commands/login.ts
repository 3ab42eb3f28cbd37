import { text as readAll } from "node:stream/consumers";
import type { RegistryAuth } from "../engine/api.ts";
import { credentialKey, hubKey, storedCredentials } from "../engine/credentials.ts";
import { storeCredentials } from "../engine/store-credentials.ts";
import { EngineError, UsageError } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { canAsk } from "./ask.ts";
import { processEnvironment } from "./process-environment.ts";
import { openEngine } from "./session.ts";
import { Args, Flags, Verb } from "./verb.ts";

/** `gantry login`: tries credentials at a registry, and keeps them where docker and gantry find them. */
export default class Login extends Verb {
  static override summary = "Log in to a registry";
  static override description =
    "The engine tries the credentials at the registry. They are kept in docker's config.json, or with the credential program that it names, so docker and gantry share them.";
  static override args = {
    server: Args.string({ description: "the registry; Docker Hub unless given", ignoreStdin: true }),
  };
  static override flags = {
    username: Flags.string({ char: "u", helpValue: "<name>", description: "who you are there" }),
    password: Flags.string({
      char: "p",
      helpValue: "<password>",
      description: "your password; others may see it here",
    }),
    "password-stdin": Flags.boolean({ description: "read the password from standard input" }),
  };

  async run(): Promise<Answer> {
    const { flags, args } = await this.parse(Login);
    const key = credentialKey(args.server);
    const environment = processEnvironment();
    const given = await readGiven(flags);
    const engine = await openEngine(flags);
    const stored = given.username || given.password ? undefined : await storedCredentials(key, environment);
    if (stored !== undefined) {
      process.stderr.write("Authenticating with existing credentials...\n");
      try {
        await logIn(engine, { ...stored, serveraddress: key });
        return succeeded(key, stored, flags);
      } catch (error) {
        if (!(error instanceof EngineError && error.status === 401)) throw error;
        process.stderr.write(`Login did not succeed, error: ${error.message}\n`);
      }
    }
    const auth = { ...(await askFor(given, key)), serveraddress: key };
    const { IdentityToken } = await logIn(engine, auth);
    const kept = IdentityToken ? { ...auth, identitytoken: IdentityToken } : auth;
    const place = await storeCredentials(key, kept, environment);
    if ("file" in place) {
      process.stderr.write(
        `\nWARNING! Your credentials are stored unencrypted in '${place.file}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
      );
    }
    return succeeded(key, kept, flags);
  }
}

function succeeded(registry: string, { username }: RegistryAuth, { json }: { readonly json?: boolean }) {
  if (!json) process.stdout.write("Login Succeeded\n");
  return { data: { registry, ...(username && { username }) } };
}

function logIn(engine: Awaited<ReturnType<typeof openEngine>>, auth: RegistryAuth) {
  return engine.registryLogin({ body: auth });
}

type Given = Pick<RegistryAuth, "username" | "password">;

async function readGiven(flags: {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly "password-stdin"?: boolean | undefined;
}): Promise<Given> {
  const { username = "", password } = flags;
  if (password !== undefined) {
    process.stderr.write("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
    if (flags["password-stdin"]) throw new UsageError("--password and --password-stdin are mutually exclusive");
  }
  if (!flags["password-stdin"]) return { username, password: password ?? "" };
  if (username === "") throw new UsageError("Must provide --username with --password-stdin");
  const read = (await readAll(process.stdin)).replace(/[\r\n]+$/, "");
  if (read === "") throw new UsageError("password is empty", { hint: "nothing came on standard input" });
  return { username, password: read };
}

/** What was not given is asked for. */
async function askFor(given: Given, key: string): Promise<Given> {
  if (given.username && given.password) return given;
  if (!canAsk()) throw new UsageError("Cannot perform an interactive login from a non TTY device");
  const { askLine } = await import("./ask-line.ts");
  if (key === hubKey && !given.username) process.stderr.write("Log in with your Docker ID or email address.\n");
  const username = given.username || (await askLine("Username: ", { visible: true })).trim();
  if (username === "") throw new UsageError("username is required");
  const password = given.password || (await askLine("Password: "));
  if (password === "") throw new UsageError("password is required");
  return { username, password };
}
