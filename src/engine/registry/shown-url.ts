/** A URL for people: without user, password and query, where tokens and signatures stand. Pure. */
export function shownUrl(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
