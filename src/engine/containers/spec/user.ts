/**
 * Who a container's process is: `user`, `user:group`, by name or number, looked up in the texts of the root file system's
 * /etc/passwd and /etc/group. Resolved here and handed to the runtime as numbers, so that nothing is left to its reading.
 */

import { badRequest } from "../../refusal.ts";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** From /etc/passwd; `/` where it says none. */
  readonly home: string;
}

/** The greatest number that is no wildcard: -1 means "leave it". */
const greatest = 2 ** 32 - 2;

/** EngineError 400 for a name that the files do not know, and for a number out of range. */
export function resolveUser(wanted: string, passwd: string, group: string, more: readonly string[] = []): Identity {
  const [userPart = "", groupPart, ...rest] = wanted.split(":");
  if (rest.length > 0) throw badRequest(`invalid user ${JSON.stringify(wanted)}: it has more than one colon`);
  const users = parseTable(passwd);
  const groups = parseTable(group);

  const name = userPart === "" ? "0" : userPart;
  const number = parseNumber(name, wanted);
  // A name wins over a number, but all digits are a number: docker's order is by uid first for them.
  const entry = users.find(([user, , uid]) => (number === undefined ? user === name : uid === String(number)));
  if (number === undefined && entry === undefined) {
    throw badRequest(`unable to find user ${userPart}: no matching entries in passwd file`);
  }
  const uid = number ?? numberIn(entry?.[2], "passwd");
  const primary = entry === undefined ? 0 : numberIn(entry[3], "passwd");
  const lookUpGroup = (wantedGroup: string): number => {
    const gid = parseNumber(wantedGroup, wanted);
    if (gid !== undefined) return gid;
    const found = groups.find(([groupName]) => groupName === wantedGroup);
    if (found === undefined) throw badRequest(`Unable to find group ${wantedGroup}: no matching entries in group file`);
    return numberIn(found[2], "group");
  };
  const gid = groupPart === undefined || groupPart === "" ? primary : lookUpGroup(groupPart);
  // An explicit group replaces those that /etc/group names the user in.
  const memberships =
    groupPart === undefined && entry !== undefined
      ? groups
          .filter(([, , , members]) => (members ?? "").split(",").includes(entry[0] ?? ""))
          .map(([, , id]) => numberIn(id, "group"))
      : [];
  return {
    uid,
    gid,
    groups: [...new Set([gid, ...memberships, ...more.map(lookUpGroup)])],
    home: entry?.[5] || "/",
  };
}

/** All-digit texts only: no sign, no `0x`, no space. */
function parseNumber(text: string, whole: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const number = Number(text);
  if (number > greatest)
    throw badRequest(`invalid user ${JSON.stringify(whole)}: uids and gids must be in range 0-${greatest}`);
  return number;
}

function numberIn(text: string | undefined, file: string): number {
  const number = parseNumber(text ?? "", text ?? "");
  if (number === undefined)
    throw badRequest(`the root file system's /etc/${file} has the bad number ${JSON.stringify(text)}`);
  return number;
}

/** passwd(5) and group(5): lines of fields with colons between. */
function parseTable(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}
