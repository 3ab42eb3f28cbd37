/** `--chmod`: octal, or symbolic as chmod(1) has it. Pure. */

export type ChangeMode = (mode: number, isDirectory: boolean) => number;

/** Throws RangeError for what is neither. */
export function parseMode(text: string): ChangeMode {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8) & 0o7777;
    return () => mode;
  }
  const clauses = text.split(",").map((clause) => {
    const [, who, changes] = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/.exec(clause) ?? [];
    if (who === undefined || changes === undefined)
      throw new RangeError(`invalid --chmod "${text}": expected 755 or u=rwx,go+r`);
    return {
      who: who === "" || who.includes("a") ? "ugo" : who,
      changes: [...changes.matchAll(/([-+=])([rwxXst]*)/g)],
    };
  });
  return (mode, isDirectory) => {
    let result = mode;
    for (const { who, changes } of clauses) {
      for (const [, operator, permissions = ""] of changes) {
        const bits = bitsOf(who, permissions, isDirectory || (mode & 0o111) !== 0);
        const all = bitsOf(who, "rwxst", true);
        result = operator === "+" ? result | bits : operator === "-" ? result & ~bits : (result & ~all) | bits;
      }
    }
    return result;
  };
}

function bitsOf(who: string, permissions: string, mayExecute: boolean): number {
  const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };
  let bits = 0;
  for (const one of who) {
    const shift = shifts[one] ?? 0;
    if (permissions.includes("r")) bits |= 4 << shift;
    if (permissions.includes("w")) bits |= 2 << shift;
    if (permissions.includes("x") || (permissions.includes("X") && mayExecute)) bits |= 1 << shift;
    if (permissions.includes("s")) bits |= one === "u" ? 0o4000 : one === "g" ? 0o2000 : 0;
    if (permissions.includes("t")) bits |= 0o1000;
  }
  return bits;
}
