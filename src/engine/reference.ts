/** Image references, by docker's rules: `nginx`, `me/app:1.2`, `localhost:5000/app@sha256:…`. Pure. */

import { GantryError } from "../errors.ts";

export interface ImageReference {
  /** `docker.io`, `localhost:5000` … */
  readonly registry: string;
  /** Without the registry, with `library/` where docker puts it: `library/nginx`. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:<64 hex>` */
  readonly digest?: string;
}

const hub = "docker.io";
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const host =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/**
 * The parts of a reference. Throws GantryError for what docker refuses too (upper case in the repository, bad tag or
 * digest, a bare image id). Source: github.com/distribution/reference, `ParseNormalizedNamed`.
 */
export function parseReference(text: string): ImageReference {
  const fail = (why: string) => new GantryError(`"${text}" is not a reference to an image: ${why}`);
  if (/^[a-f0-9]{64}$/.test(text)) throw fail("it is an image id");
  const at = text.indexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !digestPattern.test(digest)) throw fail(`"${digest}" is not a digest`);
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag)) throw fail(`"${tag}" is not a tag`);
  const { registry, repository } = splitName(colon === -1 ? named : named.slice(0, colon));
  if (!host.test(registry)) throw fail(`"${registry}" is not a registry`);
  if (repository !== repository.toLowerCase()) throw fail("the repository must be lower case");
  if (!repository.split("/").every((part) => component.test(part))) {
    throw fail("expected [registry/]name[:tag][@digest]");
  }
  if (repository.length > 255) throw fail("the repository is longer than 255 characters");
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The first part is a registry when it looks like a host: has a dot or a port, is `localhost`, or is not lower case. */
function splitName(name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const registry = isHost ? first : hub;
  const rest = isHost ? name.slice(slash + 1) : name;
  if (registry !== hub && registry !== "index.docker.io") return { registry, repository: rest };
  return { registry: hub, repository: rest.includes("/") ? rest : `library/${rest}` };
}

/** The repository as people write it: `nginx`, `me/app`, `localhost:5000/app`. */
export function familiarName({ registry, repository }: ImageReference): string {
  if (registry !== hub) return `${registry}/${repository}`;
  const short = repository.startsWith("library/") ? repository.slice("library/".length) : repository;
  return short.includes("/") ? repository : short;
}

/** The reference as docker lists it: familiar name, then tag (`latest` where there is neither tag nor digest), digest. */
export function formatReference(reference: ImageReference): string {
  const { tag, digest } = reference;
  const shown = tag ?? (digest === undefined ? "latest" : undefined);
  return (
    familiarName(reference) + (shown === undefined ? "" : `:${shown}`) + (digest === undefined ? "" : `@${digest}`)
  );
}

/** The arguments of `imagePull`: without a tag all tags would be pulled, so `latest` stands in; a digest wins. */
export function pullArguments(reference: ImageReference): { readonly fromImage: string; readonly tag: string } {
  return { fromImage: familiarName(reference), tag: reference.digest ?? reference.tag ?? "latest" };
}
