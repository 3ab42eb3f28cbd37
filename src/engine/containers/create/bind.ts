/** `Binds` of HostConfig: `source:destination[:options]`, where the source is a path or a volume's name. */

import { badRequest } from "../../refusal.ts";
import { cleanPath, type MountPlan, propagations } from "./mount-plan.ts";

/** EngineError 400 in docker's words for what is none. `driver`: of a volume that has to be made; nothing: local. */
export function parseBind(text: string, driver: string): MountPlan {
  const refuse = () => badRequest(`invalid volume specification: '${text}'`);
  const parts = text.split(":");
  if (parts.length > 3) throw refuse();
  const [source = "", destination = "", mode = ""] = parts.length === 1 ? ["", text, ""] : parts;
  if (destination === "" || (parts.length > 1 && source === "")) throw refuse();
  if (!destination.startsWith("/")) {
    throw badRequest(
      `invalid volume specification: '${text}': invalid mount config for type "${source.startsWith("/") ? "bind" : "volume"}": invalid mount path: '${destination}' mount path must be absolute`,
    );
  }
  const target = cleanPath(destination);
  if (target === "/")
    throw badRequest(`invalid volume specification: '${text}': invalid specification: destination can't be '/'`);
  const options = parseMode(mode);
  const base = {
    destination: target,
    mode,
    rw: options.rw,
    recursive: true,
    options: [],
    listed: true,
  };
  if (source.startsWith("/")) {
    return {
      ...base,
      type: "bind",
      source: cleanPath(source),
      propagation: options.propagation ?? "rprivate",
      copy: false,
      anonymous: false,
      createSource: true,
    };
  }
  if (source.startsWith(".") || source.startsWith("~") || source.includes("/")) throw refuse();
  return {
    ...base,
    type: "volume",
    ...(source !== "" && { name: source }),
    driver: driver || "local",
    propagation: "",
    copy: options.copy,
    anonymous: source === "",
  };
}

/** Options with commas between; each kind at most once. */
function parseMode(mode: string): { rw: boolean; copy: boolean; propagation: string | undefined } {
  const kinds = new Map<string, string>();
  for (const option of mode === "" ? [] : mode.split(",")) {
    const kind = kindOf(option);
    if (kind === undefined || kinds.has(kind)) throw badRequest(`invalid mode: ${mode}`);
    kinds.set(kind, option);
  }
  return { rw: kinds.get("access") !== "ro", copy: !kinds.has("copy"), propagation: kinds.get("propagation") };
}

function kindOf(option: string): string | undefined {
  if (option === "rw" || option === "ro") return "access";
  if (option === "z" || option === "Z") return "label";
  if (option === "nocopy") return "copy";
  if (["consistent", "cached", "delegated"].includes(option)) return "consistency";
  return propagations.includes(option) ? "propagation" : undefined;
}
