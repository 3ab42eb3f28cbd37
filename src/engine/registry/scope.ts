/** What a token is asked for: `repository:library/nginx:pull`. Pure. */

export interface Scope {
  readonly repository: string;
  readonly actions: readonly ("pull" | "push")[];
  /** A repository that content is taken over from. */
  readonly from?: string;
}

export function formatScope({ repository, actions, from }: Scope): readonly string[] {
  const own = `repository:${repository}:${actions.join(",")}`;
  return from === undefined ? [own] : [own, `repository:${from}:pull`];
}
