import { describe, expect, it } from "vitest";
import { requireTrust } from "../../../src/commands/remote/trust.ts";
import { parseRemote } from "../../../src/compose/remote.ts";

const references = ["https://host/b.git#v1:sub", "oci://host/a:1"].flatMap((text) => parseRemote(text) ?? []);

// The tests have no terminal that could be asked.
describe("a remote file", () => {
  it.each([
    [0, "the git repository https://host/b.git, v1 is not fetched unasked"],
    [1, "the registry artifact host/a:1 is not fetched unasked"],
  ])("is not fetched where nobody can be asked", async (i, message) => {
    const reference = references[i];
    if (reference === undefined) throw new Error("no reference");
    await expect(requireTrust(reference, { "trust-remote": false }, new Map())).rejects.toThrow(message);
    await expect(
      requireTrust(reference, { "trust-remote": false }, new Map([["GANTRY_TRUST_REMOTE", "0"]])),
    ).rejects.toThrow(message);
  });

  it("is fetched with --trust-remote or GANTRY_TRUST_REMOTE", async () => {
    for (const reference of references) {
      await requireTrust(reference, { "trust-remote": true }, new Map());
      await requireTrust(reference, { "trust-remote": false }, new Map([["GANTRY_TRUST_REMOTE", "true"]]));
    }
  });
});
