/** The namespaces of config.json: new ones, another container's by path, or none (the host's). */

/** `new`, `host`, or the path of one that is there. */
export type NamespaceWish = "new" | "host" | { readonly path: string };

export interface NamespaceWishes {
  readonly pid: NamespaceWish;
  readonly network: NamespaceWish;
  readonly ipc: NamespaceWish;
  readonly uts: NamespaceWish;
  readonly cgroup: NamespaceWish;
}

export function namespacesSpec(wishes: NamespaceWishes): readonly { type: string; path?: string }[] {
  const list = Object.entries(wishes).flatMap(([type, wish]) => {
    if (wish === "host") return [];
    return wish === "new" ? [{ type }] : [{ type, path: wish.path }];
  });
  return [{ type: "mount" }, ...list];
}
