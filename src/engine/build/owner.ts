/** `--chown` and USER: names are looked up in the image's own files. Pure. */

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `user`, `user:group`, `:group`, names or numbers. A user without a group has its own from `passwd`, or for a number the same number.
 * Throws RangeError for a name that is not there.
 */
export function parseOwner(text: string, passwd: string | undefined, group: string | undefined): Owner {
  const [user = "", groupName] = text.split(":");
  if (user === "" && groupName !== undefined) return { uid: 0, gid: groupOf(groupName, group) };
  const entry = (passwd ?? "")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name, , uid]) => name === user || (isNumber(user) && uid === user));
  const uid = isNumber(user) ? Number(user) : Number(entry?.[2] ?? Number.NaN);
  if (Number.isNaN(uid)) throw new RangeError(`unable to find user ${user}: no such user in /etc/passwd`);
  if (groupName === undefined || groupName === "")
    return { uid, gid: isNumber(user) && entry === undefined ? uid : Number(entry?.[3] ?? uid) };
  return { uid, gid: groupOf(groupName, group) };
}

function groupOf(name: string, group: string | undefined): number {
  if (isNumber(name)) return Number(name);
  const found = (group ?? "")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([known]) => known === name);
  if (found === undefined) throw new RangeError(`unable to find group ${name}: no such group in /etc/group`);
  return Number(found[2]);
}

const isNumber = (text: string) => /^[0-9]{1,10}$/.test(text);
