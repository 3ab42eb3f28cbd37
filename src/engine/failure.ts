/** Why an engine gave no answer, in words. */

import { EngineError, GantryError } from "../errors.ts";
import type { Address } from "./address.ts";

const elsewhere = "name another engine with --engine or DOCKER_HOST";

/**
 * The error of a connection as an EngineError without status: which engine, what is wrong, what to do. Errors that are
 * already ours pass unchanged.
 */
export function describeFailure(cause: unknown, address: Address): Error {
  if (cause instanceof GantryError) return cause;
  const { message, hint } = explain(cause, address);
  return new EngineError(message, { ...(hint === undefined ? {} : { hint }), cause });
}

function explain(cause: unknown, address: Address): { message: string; hint?: string } {
  const url = address.url;
  const text = cause instanceof Error ? cause.message : String(cause);
  const code = codeOf(cause);
  switch (code) {
    case "ENOENT":
      return { message: `no engine at ${url}: there is no such socket`, hint: `start it, or ${elsewhere}` };
    case "ECONNREFUSED":
      return {
        message: `the engine at ${url} does not answer: nobody listens there`,
        hint: `start it, or ${elsewhere}`,
      };
    case "EACCES":
    case "EPERM":
      return {
        message: `no permission to use the engine at ${url}`,
        hint: `become a member of the group that owns the socket (usually "docker") and log in again, or ${elsewhere}`,
      };
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return { message: `the engine at ${url} cannot be found: its host name has no address`, hint: elsewhere };
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return {
        message: `the engine at ${url} cannot be reached (${code})`,
        hint: `check the network, or ${elsewhere}`,
      };
    case "ECONNRESET":
    case "EPIPE":
    case "ERR_STREAM_DESTROYED":
    case "ERR_STREAM_PREMATURE_CLOSE":
    case "ERR_STREAM_WRITE_AFTER_END":
      return {
        message: `the engine at ${url} closed the connection`,
        hint: "look whether it still runs, and at its log",
      };
  }
  if (code.startsWith("HPE_")) {
    return {
      message: `what listens at ${url} does not speak HTTP`,
      hint: "an engine that wants TLS needs DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH",
    };
  }
  if (/^ERR_(TLS|SSL|OSSL)|CERT|SIGNATURE|CRL|^EPROTO$/.test(code)) {
    return {
      message: `no TLS connection to the engine at ${url}: ${text}`,
      hint: "check ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH",
    };
  }
  return { message: `the engine at ${url} cannot be used: ${text}` };
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return codeOf(cause.errors[0]);
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
