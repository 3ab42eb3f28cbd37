import { resolve } from "node:path";
import { parseSize } from "../../compose/short/size.ts";
import type { MountSpec } from "../../engine/api.ts";
import { UsageError } from "../../errors.ts";
import { present } from "../../reconcile/present.ts";

const hint = "write type=bind,source=/here,target=/there,readonly; types: bind, volume, tmpfs, image";

/**
 * One `--mount` of docker's command line: `key=value` with commas between. Throws UsageError for what is not understood; a
 * key that the type has not is refused.
 */
export function mountOf(text: string): MountSpec {
  const fail = (why: string) => new UsageError(`--mount ${text}: ${why}`, { hint });
  const fields = new Map<string, string>();
  const volumeOptions: [string, string][] = [];
  for (const field of text.split(",")) {
    const [key = "", value = "true"] = field.trim().split(/=(.*)/s);
    const name = synonyms.get(key) ?? key;
    if (name === "volume-opt") volumeOptions.push(splitPair(value));
    else fields.set(name, value);
  }
  const take = (key: string) => {
    const value = fields.get(key);
    fields.delete(key);
    return value;
  };
  const type = take("type") ?? "volume";
  if (!["bind", "volume", "tmpfs", "image"].includes(type)) throw fail(`there is no type "${type}"`);
  const source = take("source");
  const target = take("target");
  if (target === undefined) throw fail("it has no target");
  if (source === undefined && (type === "bind" || type === "image")) throw fail("it has no source");
  const isReadOnly = readBoolean(take("readonly"), fail);
  const mount = present<MountSpec>({
    Type: type,
    Source: type === "bind" && source !== undefined ? resolve(source) : source,
    Target: target,
    ReadOnly: isReadOnly,
    BindOptions:
      type === "bind" && fields.has("bind-propagation") ? { Propagation: take("bind-propagation") ?? "" } : undefined,
    VolumeOptions: type === "volume" ? volumeOf({ take, volumeOptions }, fail) : undefined,
    TmpfsOptions: type === "tmpfs" ? tmpfsOf(take, fail) : undefined,
    ImageOptions:
      type === "image" && fields.has("image-subpath") ? { Subpath: take("image-subpath") ?? "" } : undefined,
  });
  const [unknown] = fields.keys();
  if (unknown !== undefined) throw fail(`a mount of type ${type} has no "${unknown}"`);
  return mount;
}

const synonyms: ReadonlyMap<string, string> = new Map([
  ["src", "source"],
  ["dst", "target"],
  ["destination", "target"],
  ["ro", "readonly"],
]);

type Take = (key: string) => string | undefined;
type Fail = (why: string) => UsageError;

function volumeOf(
  { take, volumeOptions }: { readonly take: Take; readonly volumeOptions: readonly [string, string][] },
  fail: Fail,
): MountSpec["VolumeOptions"] | undefined {
  const driver = take("volume-driver");
  const options = present<NonNullable<MountSpec["VolumeOptions"]>>({
    NoCopy: readBoolean(take("volume-nocopy"), fail),
    Subpath: take("volume-subpath"),
    DriverConfig:
      driver === undefined && volumeOptions.length === 0
        ? undefined
        : { ...(driver !== undefined && { Name: driver }), Options: Object.fromEntries(volumeOptions) },
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

function tmpfsOf(take: Take, fail: Fail): MountSpec["TmpfsOptions"] | undefined {
  const size = take("tmpfs-size");
  const mode = take("tmpfs-mode");
  if (mode !== undefined && !/^[0-7]+$/.test(mode)) throw fail(`"${mode}" is no mode`);
  const bytes = size === undefined ? undefined : parseSize(size);
  if (bytes?.error !== undefined) throw fail(bytes.error);
  const options = present<NonNullable<MountSpec["TmpfsOptions"]>>({
    SizeBytes: bytes?.value,
    Mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

function readBoolean(text: string | undefined, fail: Fail): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw fail(`"${text}" is neither true nor false`);
}

function splitPair(text: string): [string, string] {
  const [key = "", value = ""] = text.split(/=(.*)/s);
  return [key, value];
}
