import { createReadStream } from "node:fs";
import type { ImageSummary, Progress } from "../../engine/api.ts";
import { credentialsFor } from "../../engine/credentials.ts";
import { UsageError } from "../../errors.ts";
import type { Change } from "../../ui/changes.ts";
import { durationText } from "../../ui/container-row.ts";
import { envelope } from "../../ui/envelope.ts";
import { sizeText } from "../../ui/size-text.ts";
import { refuseBytes } from "../answer.ts";
import { askYes } from "../ask.ts";
import { imageFlags, splitName } from "../commit-options.ts";
import { printRows } from "../print-rows.ts";
import { processEnvironment } from "../process-environment.ts";
import { Flags } from "../verb.ts";
import { writeFileFrom, writeTo } from "../write-stream.ts";
import { done, engineVerb, filterFlag, inspectVerb, readFilters } from "./engine-verb.ts";
import { formatFlag, quietFlag } from "./list-flags.ts";
import { prunedImages, removedImage, showPruned, untouched } from "./pruned.ts";
import { pullImage, showProgress } from "./show-progress.ts";

interface ImageLine {
  readonly Repository: string;
  readonly Tag: string;
  readonly ID: string;
  readonly CreatedSince: string;
  readonly Size: string;
}

const columns = [
  { heading: "REPOSITORY", cell: ({ Repository }: ImageLine) => Repository },
  { heading: "TAG", cell: ({ Tag }: ImageLine) => Tag },
  { heading: "IMAGE ID", cell: ({ ID }: ImageLine) => ID },
  { heading: "CREATED", cell: ({ CreatedSince }: ImageLine) => CreatedSince },
  { heading: "SIZE", cell: ({ Size }: ImageLine) => Size },
];

/** `docker images`. */
export const ls = engineVerb({
  summary: "List images",
  words: "repository",
  optional: true,
  flags: {
    all: Flags.boolean({ char: "a", description: "intermediate ones too" }),
    filter: filterFlag,
    format: formatFlag,
    "no-trunc": Flags.boolean({ description: "ids in full" }),
    quiet: quietFlag("ids"),
  },
  run: async ({ engine, words: [reference], flags }) => {
    const filters = { ...readFilters(flags.filter), ...(reference !== undefined && { reference: [reference] }) };
    const list = await engine.imageList({ all: flags.all === true, filters });
    const rows = list.flatMap((image) => linesOf(image, flags["no-trunc"] !== true));
    const fields = ["Repository", "Tag", "ID", "CreatedSince", "Size"] as const;
    printRows(rows, flags, ({ ID }) => ID, { columns, fields });
    return { data: { images: rows } };
  },
});

/** One line for each name of an image, one for an image without a name. */
function linesOf({ Id, RepoTags, Created, Size }: ImageSummary, truncate: boolean): ImageLine[] {
  const names = RepoTags === null || RepoTags.length === 0 ? ["<none>:<none>"] : RepoTags;
  return names.map((name) => {
    const [Repository = "", Tag = ""] = name.split(/:(?=[^/:]+$)/);
    return {
      Repository,
      Tag,
      ID: truncate ? Id.replace(/^sha256:/, "").slice(0, 12) : Id,
      CreatedSince: `${durationText(Date.now() / 1000 - Created)} ago`,
      Size: sizeText(Size, "decimal"),
    };
  });
}

export const inspect = inspectVerb("images", (engine, name) => engine.imageInspect({ name }));

const quiet = Flags.boolean({ char: "q", description: "show no progress" });

export const pull = engineVerb({
  summary: "Pull an image",
  words: "image",
  flags: { platform: Flags.string({ helpValue: "<os/arch>", description: "for this platform" }), quiet },
  run: async ({ engine, words: [name = ""], flags }) => {
    await pullImage(engine, name, flags);
    if (flags.quiet && !flags.json) process.stdout.write(`${name}\n`);
    return { data: { changes: [done("pull-image", name)] } };
  },
});

export const push = engineVerb({
  summary: "Push an image",
  words: "image",
  flags: { quiet },
  run: async ({ engine, words: [reference = ""], flags }) => {
    const [name = "", tag = "latest"] = reference.split(/:(?=[^/:]+$)/);
    const auth = (await credentialsFor(reference, processEnvironment())) ?? {};
    await showProgress(await engine.imagePush({ name, tag, auth }), flags);
    if (flags.quiet && !flags.json) process.stdout.write(`${reference}\n`);
    return { data: { changes: [done("push-image", reference)] } };
  },
});

export const rm = engineVerb({
  summary: "Remove images",
  words: "images",
  flags: {
    force: Flags.boolean({ char: "f", description: "also where containers or other names use them" }),
    "no-prune": Flags.boolean({ description: "keep their untagged parents" }),
  },
  run: async ({ engine, words, flags }) => {
    // One after the other: engines trip over two that lose a common parent at once.
    const changes: Change[] = [];
    for (const name of words) {
      const how = { force: flags.force === true, noprune: flags["no-prune"] === true };
      for (const change of (await engine.imageRemove({ name, ...how })).map(removedImage)) {
        const { result: state, ...step } = change;
        process.stdout.write(flags.json ? envelope("step", { ...step, state }) : `${removedLine(change)}\n`);
        changes.push(change);
      }
    }
    return { data: { changes } };
  },
});

export const tag = engineVerb({
  summary: "Give an image another name",
  words: "names",
  run: async ({ engine, words: [name, target, ...rest] }) => {
    if (name === undefined || target === undefined || rest.length > 0) {
      throw new UsageError("tag takes two names: of the image, and the new one");
    }
    const [repo = "", newTag = "latest"] = target.split(/:(?=[^/:]+$)/);
    await engine.imageTag({ name, repo, tag: newTag });
    return { data: { changes: [{ ...done("tag-image", name), to: `${repo}:${newTag}` }] } };
  },
});

export const save = engineVerb({
  summary: "Write images as a tar",
  words: "images",
  flags: { output: Flags.string({ char: "o", helpValue: "<file>", description: "to this file; standard output" }) },
  run: async ({ engine, words: names, flags }) => {
    if (flags.json) refuseBytes(flags.output === undefined);
    if (flags.output === undefined && process.stdout.isTTY) {
      throw new UsageError("a tar is nothing for a terminal", { hint: "give --output, or redirect" });
    }
    const tar = await engine.imageSave({ names });
    await (flags.output === undefined ? writeTo(process.stdout, tar) : writeFileFrom(flags.output, tar));
    return { data: { images: names, ...(flags.output !== undefined && { file: flags.output }) } };
  },
});

export const load = engineVerb({
  summary: "Take the images of a tar",
  flags: {
    input: Flags.string({ char: "i", helpValue: "<file>", description: "from this file; standard input" }),
    quiet,
  },
  run: async ({ engine, flags }) => {
    const stream = flags.input === undefined ? process.stdin : createReadStream(flags.input);
    const loaded = readWords(/^Loaded image(?: ID)?: (.+)$/);
    const lines = await engine.imageLoad({ stream, quiet: flags.quiet === true });
    await showProgress(loaded.pass(lines), flags);
    return { data: { changes: loaded.words.map((name) => done("load-image", name)) } };
  },
});

export const prune = engineVerb({
  summary: "Remove images that no container uses",
  flags: {
    all: Flags.boolean({ char: "a", description: "those with a name too" }),
    filter: filterFlag,
    force: Flags.boolean({ char: "f", description: "do not ask" }),
  },
  run: async ({ engine, flags }) => {
    const what = flags.all ? "all images without a container" : "all images without a name and a container";
    if (!flags.force && !(await askYes(`This removes ${what}. Are you sure?`))) return untouched;
    const dangling = [flags.all ? "false" : "true"];
    const pruned = await engine.imagePrune({ filters: { ...readFilters(flags.filter), dangling } });
    return showPruned(prunedImages(pruned), pruned.SpaceReclaimed, flags, removedLine);
  },
});

function removedLine({ action, name }: Change): string {
  return `${action === "remove-image" ? "Deleted" : "Untagged"}: ${name}`;
}

/** Keeps what the engine tells of its work in words that match, while the lines pass. */
function readWords(pattern: RegExp) {
  const words: string[] = [];
  return {
    words,
    async *pass(lines: AsyncIterable<Progress>): AsyncGenerator<Progress> {
      for await (const line of lines) {
        const word = pattern.exec((line.stream ?? line.status ?? "").trim())?.[1];
        if (word !== undefined) words.push(word);
        yield line;
      }
    },
  };
}

/** `docker history`. */
export const history = engineVerb({
  summary: "Show what an image was made of",
  words: "image",
  flags: {
    format: formatFlag,
    "no-trunc": Flags.boolean({ description: "ids and commands in full" }),
    quiet: quietFlag("ids"),
  },
  run: async ({ engine, words: [name = ""], flags }) => {
    const cut = (text: string, length: number) =>
      flags["no-trunc"] || text.length <= length ? text : `${text.slice(0, length - 1)}…`;
    const rows = (await engine.imageHistory({ name })).map(
      (entry): HistoryLine => ({
        ID: flags["no-trunc"] ? entry.Id : entry.Id.replace(/^sha256:/, "").slice(0, 12),
        CreatedSince: `${durationText(Date.now() / 1000 - entry.Created)} ago`,
        CreatedBy: cut(entry.CreatedBy.replaceAll("\t", " "), 45),
        Size: sizeText(entry.Size, "decimal"),
        Comment: entry.Comment,
      }),
    );
    const fields = ["ID", "CreatedSince", "CreatedBy", "Size", "Comment"] as const;
    printRows(rows, flags, ({ ID }) => ID, { columns: historyColumns, fields });
    return { data: { layers: rows } };
  },
});

type HistoryLine = Readonly<Record<"ID" | "CreatedSince" | "CreatedBy" | "Size" | "Comment", string>>;

const historyColumns = [
  { heading: "IMAGE", cell: ({ ID }: HistoryLine) => ID },
  { heading: "CREATED", cell: ({ CreatedSince }: HistoryLine) => CreatedSince },
  { heading: "CREATED BY", cell: ({ CreatedBy }: HistoryLine) => CreatedBy },
  { heading: "SIZE", cell: ({ Size }: HistoryLine) => Size },
  { heading: "COMMENT", cell: ({ Comment }: HistoryLine) => Comment },
];

/** `docker import`: an image of the files of a tar. */
export const importImage = engineVerb({
  summary: "Make an image of the files of a tar",
  words: "file",
  flags: imageFlags,
  run: async ({ engine, words: [file = "", name, ...rest], flags }) => {
    if (rest.length > 0) throw new UsageError("import takes a file, or - for standard input, and the image's name");
    const lines = await engine.imageImport({
      fromSrc: "-",
      stream: file === "-" ? process.stdin : createReadStream(file),
      ...(name !== undefined && { tag: "latest", ...splitName(name) }),
      ...(flags.message !== undefined && { message: flags.message }),
      ...(flags.change !== undefined && { changes: flags.change }),
    });
    const imported = readWords(/^(sha256:[0-9a-f]{64})$/);
    await showProgress(imported.pass(lines), flags);
    return { data: { changes: imported.words.map((id) => done("import-image", name ?? id, id)) } };
  },
});
