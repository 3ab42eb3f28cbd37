import { suggestion } from "../compose/nearest.ts";
import { UsageError } from "../errors.ts";

/** What the spelling of a flag depends on: a part of oclif's flag definition. */
export interface FlagShape {
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly aliases?: readonly string[] | undefined;
  readonly multiple?: boolean | undefined;
  readonly allowNo?: boolean | undefined;
  readonly hidden?: boolean | undefined;
}

export type FlagShapes = Readonly<Record<string, FlagShape>>;

/** A command line cut at the verb. */
export interface CutArgv {
  /** The global flags in front of the verb, as written. */
  readonly before: readonly string[];
  readonly verb: string | undefined;
  readonly after: readonly string[];
}

/** Cuts a command line at its verb: the first word that is neither a flag nor the value of one of `globals`. */
export function cutArgv(argv: readonly string[], globals: FlagShapes): CutArgv {
  const index = read(argv, globals, { stopAtWord: true }).end;
  return { before: argv.slice(0, index), verb: argv[index], after: argv.slice(index + 1) };
}

/**
 * Spells flags out, so that the parser behind sees one form only: `--name=value`, `--switch`, then the words. Understands
 * what docker's command line does: `-dV`, `-fx.yaml`, `-f=x.yaml`, `--switch=false`; of a flag that takes one value the
 * last one counts. A letter of `own` hides the same letter of `globals` behind the verb (`logs -f`), but not before it.
 * With `takesCommand`, what stands behind the first word is no flag, whatever it looks like. Throws UsageError for an
 * unknown flag, with the nearest known one, and for a missing value.
 */
export function spellOut(
  cut: Pick<CutArgv, "before" | "after">,
  globals: FlagShapes,
  own: FlagShapes,
  { takesCommand = false } = {},
): string[] {
  const shapes = { ...globals, ...own };
  const letters = new Set(Object.values(own).map((shape) => shape.char));
  const merged = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) =>
      Object.hasOwn(own, name) || !letters.has(shape.char) ? [name, shape] : [name, { ...shape, char: undefined }],
    ),
  );
  const before = read(cut.before, globals, { stopAtWord: false });
  const after = read(cut.after, merged, { stopAtWord: takesCommand });
  const flags = lastOnes([...before.flags, ...after.flags], merged);
  const rest = [...after.words, ...cut.after.slice(after.end)];
  const words = rest.length > 0 ? ["--", ...rest] : [];
  return [...flags.map(({ name, value }) => spelling(name, value, merged[name])), ...words];
}

interface ReadFlag {
  readonly name: string;
  /** The text of an option, the state of a switch. */
  readonly value: string | boolean;
}

interface Read {
  readonly flags: ReadFlag[];
  readonly words: string[];
  /** Where reading ended. */
  readonly end: number;
}

function read(argv: readonly string[], shapes: FlagShapes, { stopAtWord }: { stopAtWord: boolean }): Read {
  const flags: ReadFlag[] = [];
  const words: string[] = [];
  let i = 0;
  for (; i < argv.length; i++) {
    const token = argv[i] ?? "";
    if (token === "--") {
      words.push(...argv.slice(i + 1));
      i = argv.length;
      break;
    }
    if (!token.startsWith("-") || token === "-") {
      if (stopAtWord) break;
      words.push(token);
      continue;
    }
    const found = token.startsWith("--") ? readLong(token, shapes) : readShort(token, shapes);
    flags.push(...found.switches);
    if (found.open === undefined) continue;
    const value = argv[++i];
    if (value === undefined) throw new UsageError(`flag ${token} needs a value`);
    flags.push({ name: found.open, value });
  }
  return { flags, words, end: i };
}

/** The flags of one token; `open` is the option whose value is the next token. */
interface Token {
  readonly switches: ReadFlag[];
  readonly open?: string;
}

function readLong(token: string, shapes: FlagShapes): Token {
  const equals = token.indexOf("=");
  const written = equals === -1 ? token : token.slice(0, equals);
  const value = equals === -1 ? undefined : token.slice(equals + 1);
  const name = nameOf(written.slice(2), shapes);
  const shape = name === undefined ? undefined : shapes[name];
  if (name !== undefined && shape !== undefined) {
    if (shape.type === "boolean") return { switches: [{ name, value: switchState(written, value) }] };
    return value === undefined ? { switches: [], open: name } : { switches: [{ name, value }] };
  }
  const negated = written.startsWith("--no-") ? written.slice(5) : "";
  if (Object.hasOwn(shapes, negated) && shapes[negated]?.allowNo === true && value === undefined) {
    return { switches: [{ name: negated, value: false }] };
  }
  throw unknownFlag(written, shapes);
}

function readShort(token: string, shapes: FlagShapes): Token {
  const switches: ReadFlag[] = [];
  for (let i = 1; i < token.length; i++) {
    const letter = token.charAt(i);
    const found = Object.entries(shapes).find(([, shape]) => shape.char === letter);
    if (found === undefined) throw unknownFlag(token.length === 2 ? token : `-${letter} in ${token}`, shapes);
    const [name, shape] = found;
    const rest = token.slice(i + 1);
    if (shape.type === "option") {
      if (rest === "") return { switches, open: name };
      return { switches: [...switches, { name, value: rest.startsWith("=") ? rest.slice(1) : rest }] };
    }
    if (rest.startsWith("=")) return { switches: [...switches, { name, value: switchState(token, rest.slice(1)) }] };
    switches.push({ name, value: true });
  }
  return { switches };
}

function nameOf(written: string, shapes: FlagShapes): string | undefined {
  if (Object.hasOwn(shapes, written)) return written;
  return Object.entries(shapes).find(([, shape]) => shape.aliases?.includes(written))?.[0];
}

/** The words of Go's strconv.ParseBool, which docker's flags take. */
function switchState(flag: string, value: string | undefined): boolean {
  if (value === undefined || /^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new UsageError(`flag ${flag} is true or false, not "${value}"`);
}

function unknownFlag(written: string, shapes: FlagShapes): UsageError {
  const names = Object.entries(shapes).flatMap(([name, shape]) => (shape.hidden === true ? [] : [`--${name}`]));
  const hint = written.startsWith("--") ? suggestion(written, names) : undefined;
  return new UsageError(`unknown flag ${written}`, hint === undefined ? {} : { hint });
}

function lastOnes(flags: readonly ReadFlag[], shapes: FlagShapes): ReadFlag[] {
  const last = new Map(flags.map((flag) => [flag.name, flag]));
  return flags.filter((flag) => shapes[flag.name]?.multiple === true || last.get(flag.name) === flag).filter(isSaid);

  /** A switch that is off by itself need not be said to be off. */
  function isSaid({ name, value }: ReadFlag): boolean {
    return value !== false || shapes[name]?.allowNo === true;
  }
}

function spelling(name: string, value: string | boolean, shape: FlagShape | undefined): string {
  if (shape?.type === "option") return `--${name}=${value}`;
  return value === false ? `--no-${name}` : `--${name}`;
}
