/** What a parser of a short syntax answers: the value, or one sentence about what is wrong and how it is written right. */
export type Parsed<T> =
  | { readonly value: T; readonly error?: never }
  | { readonly error: string; readonly hint?: string; readonly value?: never };
