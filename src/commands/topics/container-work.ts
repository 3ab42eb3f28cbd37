import { UsageError } from "../../errors.ts";
import { alignColumns } from "../../ui/table.ts";
import { refuseBytes } from "../answer.ts";
import { attachContainer, refuseIdle } from "../attach-container.ts";
import { commitArgs, commitFlags } from "../commit-options.ts";
import { copyFrom, copyTo } from "../copy-files.ts";
import { readCopy } from "../copy-place.ts";
import { execCommand } from "../exec-command.ts";
import { publisherOf } from "../port.ts";
import { showStats, statsFlags } from "../show-stats.ts";
import { Flags, several } from "../verb.ts";
import { writeFileFrom, writeTo } from "../write-stream.ts";
import { limitsOf } from "./container-body.ts";
import { limitFlags } from "./container-flags.ts";
import { done, eachVerb, engineVerb, type FlagsOf } from "./engine-verb.ts";

const detachKeys = Flags.string({ helpValue: "<keys>", description: "keys that leave it running: ctrl-p,ctrl-q" });

const execFlags = {
  detach: Flags.boolean({ char: "d", description: "leave the command in the background" }),
  "detach-keys": detachKeys,
  env: Flags.string({ ...several, char: "e", helpValue: "<name=value>", description: "set a variable" }),
  interactive: Flags.boolean({ char: "i", description: "pass on what is typed" }),
  privileged: Flags.boolean({ description: "give the command extended privileges" }),
  tty: Flags.boolean({ char: "t", description: "a terminal for it" }),
  user: Flags.string({ char: "u", helpValue: "<user>", description: "run as this user" }),
  workdir: Flags.string({ char: "w", helpValue: "<path>", description: "directory in the container" }),
};

/** `docker exec`: exits with the command's code. */
export const exec = engineVerb<FlagsOf<typeof execFlags>>({
  summary: "Run a command in a running container",
  words: "container",
  takesCommand: true,
  flags: execFlags,
  run: async ({ engine, words: [id = "", ...command], flags }) => {
    if (command.length === 0) throw new UsageError("exec takes a container and a command");
    return execCommand(engine, { id, name: id }, command, flags);
  },
});

const attachFlags = {
  "detach-keys": detachKeys,
  "no-stdin": Flags.boolean({ description: "leave the container's input alone" }),
  "sig-proxy": Flags.boolean({ allowNo: true, default: true, description: "pass signals on to the container" }),
};

/** `docker attach`: exits with the container's code. */
export const attach = engineVerb<FlagsOf<typeof attachFlags>>({
  summary: "Attach to a running container",
  words: "container",
  flags: attachFlags,
  run: async ({ engine, words, flags }) => {
    const inspect = await engine.containerInspect({ id: only(words, "attach takes one container") });
    refuseIdle(inspect);
    return attachContainer(engine, inspect, flags);
  },
});

/** `docker cp`. */
export const cp = engineVerb({
  summary: "Copy files to and from a container",
  words: "source",
  flags: {
    archive: Flags.boolean({ char: "a", description: "keep owners" }),
    "follow-link": Flags.boolean({ char: "L", description: "copy what a symbolic link at the source points to" }),
  },
  run: async ({ engine, words: [from, to, ...rest], flags }) => {
    if (from === undefined || to === undefined || rest.length > 0) {
      throw new UsageError("cp takes a source and a target: CONTAINER:PATH, a path here, or - for a tar");
    }
    const { direction, service: id, source, target } = readCopy(from, to);
    if (flags.json) refuseBytes(target === "-");
    const how = { followLink: flags["follow-link"] === true, archive: flags.archive === true };
    await (direction === "to" ? copyTo : copyFrom)(engine, { id, source, target, ...how });
    return { data: { copies: [{ container: id, direction, source, target }] } };
  },
});

/** `docker top`: the words behind the container are those of ps. */
export const top = engineVerb({
  summary: "Show a container's processes",
  words: "container",
  takesCommand: true,
  run: async ({ engine, words: [id = "", ...words], flags }) => {
    const { Titles, Processes } = await engine.containerTop({
      id,
      ...(words.length > 0 && { ps_args: words.join(" ") }),
    });
    if (!flags.json) process.stdout.write(alignColumns([Titles, ...Processes], { least: 4, gap: 2 }));
    const named = Processes.map((cells) => Object.fromEntries(Titles.map((title, i) => [title, cells[i] ?? ""])));
    return { data: { processes: named.map((process) => ({ container: id, process })) } };
  },
});

/** `docker stats`. */
export const stats = engineVerb({
  summary: "Show what containers use",
  words: "containers",
  optional: true,
  flags: statsFlags,
  run: async ({ engine, words, flags }) => {
    const list = await engine.containerList({ all: flags.all === true || words.length > 0 });
    const ids = new Set(await Promise.all(words.map(async (id) => (await engine.containerInspect({ id })).Id)));
    return showStats(engine, words.length === 0 ? list : list.filter(({ Id }) => ids.has(Id)), flags);
  },
});

export const rename = engineVerb({
  summary: "Give a container another name",
  words: "container",
  run: async ({ engine, words: [id, name, ...rest] }) => {
    if (id === undefined || name === undefined || rest.length > 0) {
      throw new UsageError("rename takes a container and its new name");
    }
    await engine.containerRename({ id, name });
    return { data: { changes: [{ ...done("rename-container", id), to: name }] } };
  },
});

/** `docker port`. */
export const port = engineVerb({
  summary: "Show where a container's ports are published",
  words: "container",
  run: async ({ engine, words: [name = "", wanted, ...rest], flags }) => {
    if (rest.length > 0) throw new UsageError("port takes a container and a port");
    const { Id, Name, NetworkSettings } = await engine.containerInspect({ id: name });
    const all = Object.entries(NetworkSettings.Ports ?? {}).flatMap(([target, bindings]) =>
      (bindings ?? []).map(({ HostIp = "", HostPort = "" }) => ({ target, ip: HostIp, port: HostPort })),
    );
    const [, number = "", protocol = "tcp"] = /^(\d+)(?:\/(\w+))?$/.exec(wanted ?? "") ?? [];
    if (wanted !== undefined && number === "") throw new UsageError(`"${wanted}" is not a port`);
    const found = wanted === undefined ? all : all.filter(({ target }) => target === `${number}/${protocol}`);
    // Says which ports there are.
    if (wanted !== undefined && found.length === 0)
      publisherOf({ Id, Names: [Name], Ports: portsOf(all) }, Number(number), protocol);
    const at = (ip: string) => (ip.includes(":") ? `[${ip}]` : ip);
    const line = ({ target, ip, port: own }: (typeof all)[number]) =>
      `${wanted === undefined ? `${target} -> ` : ""}${at(ip)}:${own}\n`;
    if (!flags.json) process.stdout.write(found.map(line).join(""));
    return { data: { ports: found.map(({ target, ip, port: own }) => ({ target, address: ip, port: Number(own) })) } };
  },
});

function portsOf(all: readonly { readonly target: string; readonly ip: string; readonly port: string }[]) {
  return all.map(({ target, ip, port: own }) => {
    const [number, protocol = "tcp"] = target.split("/");
    return { PrivatePort: Number(number), PublicPort: Number(own), Type: protocol, IP: ip };
  });
}

/** `docker update`. */
export const update = eachVerb({
  summary: "Change the limits of containers",
  action: "update-container",
  words: "containers",
  flags: limitFlags,
  act: async ({ engine, flags }, id) => {
    const body = limitsOf(flags);
    if (Object.keys(body).length === 0) throw new UsageError("update needs a limit that is to be another");
    const { Warnings } = await engine.containerUpdate({ id, body });
    for (const warning of Warnings ?? []) process.stderr.write(`gantry: warning: ${warning}\n`);
  },
});

/** `docker diff`. */
export const diff = engineVerb({
  summary: "Show which files of a container differ from its image",
  words: "container",
  run: async ({ engine, words, flags }) => {
    const changes = (await engine.containerChanges({ id: only(words, "diff takes one container") })) ?? [];
    if (!flags.json) process.stdout.write(changes.map(({ Kind, Path }) => `${"CAD"[Kind]} ${Path}\n`).join(""));
    const kinds = ["changed", "added", "deleted"];
    return { data: { files: changes.map(({ Kind, Path }) => ({ path: Path, change: kinds[Kind] })) } };
  },
});

/** `docker commit`. */
export const commit = engineVerb<FlagsOf<typeof commitFlags>>({
  summary: "Make an image of a container",
  words: "container",
  flags: commitFlags,
  run: async ({ engine, words: [container = "", name, ...rest], flags }) => {
    if (rest.length > 0) throw new UsageError("commit takes a container and the image's name");
    const { Id } = await engine.containerCommit(commitArgs(container, name, flags));
    if (!flags.json) process.stdout.write(`${Id}\n`);
    return { data: { container, image: Id } };
  },
});

/** `docker export`. */
export const exportFiles = engineVerb({
  summary: "Write a container's files as a tar",
  words: "container",
  flags: { output: Flags.string({ char: "o", helpValue: "<file>", description: "to this file; standard output" }) },
  run: async ({ engine, words, flags }) => {
    if (flags.json) refuseBytes(flags.output === undefined);
    if (flags.output === undefined && process.stdout.isTTY) {
      throw new UsageError("a tar is nothing for a terminal", { hint: "give --output, or redirect" });
    }
    const container = only(words, "export takes one container");
    const tar = await engine.containerExport({ id: container });
    await (flags.output === undefined ? writeTo(process.stdout, tar) : writeFileFrom(flags.output, tar));
    return { data: { container, ...(flags.output !== undefined && { file: flags.output }) } };
  },
});

function only([first, ...rest]: readonly string[], rule: string): string {
  if (first === undefined || rest.length > 0) throw new UsageError(rule);
  return first;
}
