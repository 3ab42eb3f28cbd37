/** An object type whose possibly undefined properties are optional instead. */
export type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without its undefined properties: an absent attribute is an absent property of the model. */
export function present<T extends object>(values: T): Present<T>;
export function present(values: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const key in values) {
    if (values[key] !== undefined) kept[key] = values[key];
  }
  return kept;
}
