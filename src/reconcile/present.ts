/**
 * Leaves out what is undefined, so that an attribute that the file does not mention is absent from the engine's body
 * (and the engine's own default holds).
 */
export function present<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** A map as a plain record; keys such as `__proto__` become ordinary properties. Undefined stays undefined. */
export function recordOf<V>(map: ReadonlyMap<string, V> | undefined): Record<string, V> | undefined {
  return map === undefined || map.size === 0 ? undefined : Object.fromEntries(map);
}

/** A mutable copy for a body, or undefined for a list that is absent or empty. */
export function listOf<V>(list: readonly V[] | undefined): V[] | undefined {
  return list === undefined || list.length === 0 ? undefined : [...list];
}
