/** `--chown` and USER: names are looked up in the image's own files. Pure. */

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `user`, `user:group`, names or numbers. A user without a group has its own from `passwd`, or for a number the same number.
 * Throws RangeError for a name that is not there.
 */
export function parseOwner(text: string, passwd: string | undefined, group: string | undefined): Owner {
  const [user = "", groupName] = text.split(":");
  const entry = (passwd ?? "")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name, , uid]) => name === user || (isNumber(user) && uid === user));
  const uid = isNumber(user) ? Number(user) : Number(entry?.[2] ?? Number.NaN);
  if (Number.isNaN(uid)) throw new RangeError(`unable to find user ${user}: no such user in /etc/passwd`);
  if (groupName === undefined || groupName === "")
    return { uid, gid: isNumber(user) && entry === undefined ? uid : Number(entry?.[3] ?? uid) };
  if (isNumber(groupName)) return { uid, gid: Number(groupName) };
  const found = (group ?? "")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === groupName);
  if (found === undefined) throw new RangeError(`unable to find group ${groupName}: no such group in /etc/group`);
  return { uid, gid: Number(found[2]) };
}

const isNumber = (text: string) => /^[0-9]{1,10}$/.test(text);
