/** Transcripts of docker compose: a project, commands, and what they said. Small text files in transcripts/. */

/** One command of a transcript, and what docker compose 2.40 answered. */
export interface Exchange {
  /** The words behind `docker compose`, or a command of the shell where it begins with `!`. */
  readonly command: string;
  /** Where gantry answers otherwise on purpose: the part of the answer, and why. */
  readonly differs: ReadonlyMap<keyof Answer, string>;
  readonly answer: Answer;
}

/** What a command said and how it ended, normalised. */
export interface Answer {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exitCode: number;
}

export interface Transcript {
  readonly title: string;
  /** Path → content. */
  readonly files: Readonly<Record<string, string>>;
  readonly exchanges: readonly Exchange[];
}

const nothing: Answer = { stdout: [], stderr: [], exitCode: 0 };

/**
 * Reads a transcript: a sentence; sections `-- path --`, each a file; then for each command a line `$ command`, lines
 * `~ stdout: why gantry differs`, lines `1| …` of stdout and `2| …` of stderr, and `= exit code`.
 */
export function readTranscript(text: string): Transcript {
  const [title = "", ...lines] = text.trimEnd().split("\n");
  const firstCommand = lines.findIndex((line) => line.startsWith("$ "));
  return {
    title,
    files: readFiles(lines.slice(0, firstCommand)),
    exchanges: readExchanges(lines.slice(firstCommand)),
  };
}

function readFiles(lines: readonly string[]): Record<string, string> {
  const files: Record<string, string> = {};
  let name: string | undefined;
  for (const line of lines) {
    const title = /^-- (.+) --$/.exec(line)?.[1];
    if (title === "commands") break;
    if (title !== undefined) name = title;
    if (name !== undefined) files[name] = title !== undefined ? "" : `${files[name]}${line}\n`;
  }
  return files;
}

function readExchanges(lines: readonly string[]): Exchange[] {
  const exchanges: { command: string; differs: Map<keyof Answer, string>; answer: Mutable<Answer> }[] = [];
  for (const line of lines) {
    const [mark, rest] = [line.slice(0, 2), line.slice(2)];
    if (mark === "$ ") exchanges.push({ command: rest, differs: new Map(), answer: { ...nothing } });
    const last = exchanges.at(-1);
    if (last === undefined) continue;
    if (mark === "1|") last.answer.stdout = [...last.answer.stdout, rest.slice(1)];
    if (mark === "2|") last.answer.stderr = [...last.answer.stderr, rest.slice(1)];
    if (mark === "= ") last.answer.exitCode = Number(rest);
    const reason = /^~ (stdout|stderr|exitCode): (.+)$/.exec(line);
    if (reason) last.differs.set(reason[1] as keyof Answer, reason[2] ?? "");
  }
  return exchanges;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The text that `readTranscript` reads. */
export function transcriptText({ title, files, exchanges }: Transcript): string {
  const sections = Object.entries(files).map(([name, content]) => `-- ${name} --\n${content}`);
  const answers = exchanges.map(({ command, differs, answer }) =>
    [
      `$ ${command}`,
      ...[...differs].map(([part, reason]) => `~ ${part}: ${reason}`),
      ...answer.stdout.map((line) => `1| ${line}`.trimEnd()),
      ...answer.stderr.map((line) => `2| ${line}`.trimEnd()),
      `= ${answer.exitCode}`,
    ].join("\n"),
  );
  return `${title}\n\n${sections.join("")}-- commands --\n${answers.join("\n")}\n`;
}

/** The words of a command, as a shell reads them: blanks part them, quotes hold them together. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|\S)+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"),
  );
}

/** What differs from one run to the next. */
export interface Circumstances {
  readonly project: string;
  readonly folder: string;
}

/** Lines of output with everything replaced that differs from run to run; progress and logs, which race, in order. */
export function normalise(text: string, { project, folder }: Circumstances): string[] {
  const lines = text
    .replaceAll("\r", "")
    .replaceAll(folder, "FOLDER")
    .replaceAll(project, "PROJECT")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d)?( UTC)?/g, "TIME")
    .replace(/sha256:[0-9a-f]{64}/g, "DIGEST")
    .replace(/\b[0-9a-f]{64}\b/g, "ID64")
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b/g, "ID12")
    .replace(/(About an? |Less than a )(second|minute|hour)( ago)?|\d+ (second|minute|hour|day)s?( ago)?/g, "AGE")
    .replace(/\b\d+(\.\d+)? ?[kKMGT]?i?B\b/g, "SIZE")
    .replace(/\b\d+\.\d+%/g, "PERCENT")
    .replace(/(: ?|")(3[2-9]|[45]\d|6[0-5])\d{3}\b/g, "$1PORT")
    .replace(/"Mountpoint":"[^"]*\/volumes\//g, '"Mountpoint":"VOLUMES/')
    .replace(/"(PublishedPort|timeNano|time)":\s?\d+/g, '"$1":0')
    .replace(/ {2,}/g, "  ")
    .replace(/^(\S+ {2}\d+ {2}\w+ {2})\d+ {2}\d+ {2}\d+ {2}\d\d:\d\d/gm, "$1PID  PID  0  TIME")
    .split("\n")
    .map((line) => jsonLine(line.trimEnd()));
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A JSON line, as any program reads it: arrays and labels in order, without the labels of the tool that made it. */
function jsonLine(line: string): string {
  if (!/^\[?\{.*\}\]?$/.test(line)) return line;
  const isOwn = (label: string) => /^dev\.gantry\.|compose\.(config-hash|version|image|depends_on|replace)/.test(label);
  const value: unknown = JSON.parse(line.replace(/:PORT(?=[,}])/g, ":0"), (key, field) => {
    if (key !== "Labels") return field;
    const labels = String(field).split(/,(?=[\w.-]+=)/);
    return labels
      .filter((label) => !isOwn(label))
      .toSorted()
      .join(",");
  });
  const texts = (Array.isArray(value) ? value : [value]).map((each) => JSON.stringify(each));
  return Array.isArray(value) ? `[${texts.toSorted().join(",")}]` : texts.join("");
}
