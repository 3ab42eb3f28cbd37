import { describe, expect, it } from "vitest";
import { selectProcesses } from "../../../src/engine/containers/top.ts";

const listing = `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 03:40 ?        00:00:01 /sbin/init splash
root        4614    4605  0 03:40 ?        00:00:00 sh -c sleep  1; true
nobody      4628    4614  0 03:40 ?        00:00:00 sleep 1
`;

describe("top", () => {
  it("shows the container's processes only; the last column takes the rest of the line", () => {
    const { Titles, Processes } = selectProcesses(listing, new Set(["4614", "4628"]));
    expect(Titles).toEqual(["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    expect(Processes.map((row) => row.at(-1))).toEqual(["sh -c sleep 1; true", "sleep 1"]);
  });

  it("needs to know which process a line is of", () => {
    expect(() => selectProcesses("USER CMD\nroot sh\n", new Set())).toThrow("Couldn't find PID field in ps output");
  });
});
