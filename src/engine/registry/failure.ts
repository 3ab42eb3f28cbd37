/** What a registry's refusal means to the user, in docker's words where there are any. */

import type { EngineError } from "../../errors.ts";
import { forbidden, internal, notFound, unauthorized } from "../refusal.ts";
import type { HttpResponse } from "./http.ts";
import { shownUrl } from "./shown-url.ts";

export interface RegistryFailure {
  /** `MANIFEST_UNKNOWN`, `DENIED` … or what the status says. */
  readonly code: string;
  readonly message: string;
  readonly status: number;
  /** Without anything secret. */
  readonly url: string;
}

/** Reads the body of an answer that is an error. HTML, or anything else that is no registry's error, is not shown. */
export async function readFailure(response: HttpResponse): Promise<RegistryFailure> {
  const text = await response.text(64 * 1024).catch(() => "");
  const { status } = response;
  const url = shownUrl(response.url);
  try {
    const { errors } = JSON.parse(text);
    const [{ code, message }] = errors;
    return { code: printable(String(code ?? "UNKNOWN")), message: printable(String(message ?? code)), status, url };
  } catch {
    const message = isWebPage(response) ? `HTTP status ${status} and a web page` : `HTTP status ${status}`;
    return { code: codes.get(status) ?? "UNKNOWN", message, status, url };
  }
}

/** What a proxy, or the log-in page of a network, answers in place of a registry. */
export function isWebPage(response: HttpResponse): boolean {
  return response.header("content-type")?.toLowerCase().startsWith("text/html") === true;
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
export function pullFailure(failure: RegistryFailure, shown: string, name: string): EngineError {
  const { code, status } = failure;
  const said = wordsOf(failure);
  if (status === 401 || status === 403 || code === "DENIED" || code === "UNAUTHORIZED" || code === "NAME_UNKNOWN") {
    return notFound(`pull access denied for ${name}, repository does not exist or may require 'docker login': ${said}`);
  }
  if (status === 404) return notFound(`manifest for ${shown} not found: ${said}`);
  if (status === 429) return tooMany(failure);
  return internal(`the registry does not give ${shown}: ${answerOf(failure)}`);
}

/** The error of a push. */
export function pushFailure(failure: RegistryFailure, shown: string): EngineError {
  const { status } = failure;
  if (status === 401) return unauthorized(wordsOf(failure));
  if (status === 403) return forbidden(wordsOf(failure));
  if (status === 429) return tooMany(failure);
  return internal(`the registry does not take ${shown}: ${answerOf(failure)}`);
}

/** What a registry answered where it should have done something, and what can be done about it. */
export function answerOf(failure: RegistryFailure): string {
  const { status, message, url } = failure;
  const advice =
    status >= 500
      ? "try again later, or ask who runs it"
      : message.endsWith("a web page")
        ? "a proxy or a log-in page may answer in its place"
        : "";
  return `${wordsOf(failure)} (${url})${advice === "" ? "" : `; ${advice}`}`;
}

const wordsOf = ({ code, message }: RegistryFailure) => `${code.toLowerCase().replaceAll("_", " ")}: ${message}`;

function tooMany({ message, url }: RegistryFailure): EngineError {
  return internal(`toomanyrequests: ${message} (${url}); try again later, or log in for a higher limit`);
}

/** The error of a registry that did not answer `url`. */
export function unreachable(registry: string, url: string, error: unknown): EngineError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = error instanceof Error ? error.message || code : String(error);
  const advice = adviceOn(code, registry);
  return internal(`the registry ${registry} cannot be reached: ${reason} (${shownUrl(url)})${advice}`, error);
}

function adviceOn(code: string, registry: string): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "; check its name, and this machine's name servers";
  if (code === "ECONNREFUSED") return "; check that it runs there";
  if (code === "EPROTO") return '; it does not speak TLS: list it in "insecure-registries" of /etc/gantry/daemon.json';
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return `; put the certificate of its authority at /etc/gantry/certs.d/${registry}/ca.crt, or list it in "insecure-registries" of /etc/gantry/daemon.json`;
  }
  return "; try again later";
}
