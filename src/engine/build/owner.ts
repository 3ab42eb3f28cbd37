/** `--chown` and USER: names are looked up in the image's own files. Pure. */

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `user`, `user:group`, `:group`, names or numbers. A user without a group has its own from `passwd`, a number the same number. As
 * BuildKit has it, names are root's where the image knows nobody. Throws RangeError for a name that is not there.
 */
export function parseOwner(text: string, passwd: string | undefined, group: string | undefined): Owner {
  const [user = "", groupName] = text.split(":");
  const owner = userOf(user, passwd);
  return groupName === undefined || groupName === ""
    ? owner
    : { ...owner, gid: groupOf(groupName, group) ?? owner.gid };
}

function userOf(name: string, passwd: string | undefined): Owner {
  if (isNumber(name)) return { uid: Number(name), gid: Number(name) };
  if (name === "" || passwd === undefined) return { uid: 0, gid: 0 };
  const found = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([known]) => known === name);
  if (found === undefined) throw new RangeError(`unable to find user ${name}: no such user in /etc/passwd`);
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function groupOf(name: string, group: string | undefined): number | undefined {
  if (isNumber(name)) return Number(name);
  if (group === undefined) return undefined;
  const found = group
    .split("\n")
    .map((line) => line.split(":"))
    .find(([known]) => known === name);
  if (found === undefined) throw new RangeError(`unable to find group ${name}: no such group in /etc/group`);
  return Number(found[2]);
}

const isNumber = (text: string) => /^[0-9]{1,10}$/.test(text);
