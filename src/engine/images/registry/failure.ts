/** What a registry's refusal means to the user, in docker's words where there are any. */

import type { EngineError } from "../../../errors.ts";
import { forbidden, internal, notFound, unauthorized } from "../../refusal.ts";
import type { HttpResponse } from "./http.ts";

export interface RegistryFailure {
  /** `MANIFEST_UNKNOWN`, `DENIED` … or what the status says. */
  readonly code: string;
  readonly message: string;
}

/** Reads the body of an answer that is an error. HTML, or anything else that is no registry's error, is not shown. */
export async function readFailure(response: HttpResponse): Promise<RegistryFailure> {
  const text = await response.text(64 * 1024).catch(() => "");
  try {
    const { errors } = JSON.parse(text);
    const [{ code, message }] = errors;
    return { code: printable(String(code ?? "UNKNOWN")), message: printable(String(message ?? code)) };
  } catch {
    return { code: codes.get(response.status) ?? "UNKNOWN", message: `HTTP status ${response.status}` };
  }
}

const codes = new Map([
  [401, "UNAUTHORIZED"],
  [403, "DENIED"],
  [404, "NOT_FOUND"],
  [429, "TOOMANYREQUESTS"],
]);

/** One line without control characters: it is shown on terminals. */
const printable = (text: string) => text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").slice(0, 500);

/** The error of a pull: `shown` is the reference, `name` it without its tag. */
export function pullFailure(
  status: number,
  { code, message }: RegistryFailure,
  shown: string,
  name: string,
): EngineError {
  const said = `${code.toLowerCase().replaceAll("_", " ")}: ${message}`;
  if (status === 401 || status === 403 || code === "DENIED" || code === "UNAUTHORIZED" || code === "NAME_UNKNOWN") {
    return notFound(`pull access denied for ${name}, repository does not exist or may require 'docker login': ${said}`);
  }
  if (status === 404) return notFound(`manifest for ${shown} not found: ${said}`);
  if (status === 429) return internal(`toomanyrequests: ${message}`);
  return internal(`the registry does not give ${shown}: ${said}`);
}

/** The error of a push. */
export function pushFailure(status: number, { code, message }: RegistryFailure, shown: string): EngineError {
  const said = `${code.toLowerCase().replaceAll("_", " ")}: ${message}`;
  if (status === 401) return unauthorized(said);
  if (status === 403) return forbidden(said);
  if (status === 429) return internal(`toomanyrequests: ${message}`);
  return internal(`the registry does not take ${shown}: ${said}`);
}
