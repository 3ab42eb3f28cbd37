import { expect, it } from "vitest";
import { GantryError } from "../../src/errors.ts";
import { makeStyle } from "../../src/ui/style.ts";
import { watchJson, watchLine } from "../../src/ui/watch-lines.ts";
import type { WatchEvent } from "../../src/watch/event.ts";

const line = (event: WatchEvent) => watchLine(event, { style: makeStyle(false), directory: "/p" });
const synced = { type: "synced", service: "web", written: 1, removed: 0, containers: 1, took: 8.4 } as const;

it("says on one line what a batch brought, where, and in what time", () => {
  expect(line({ ...synced, target: "/app/a.js" })).toBe("web  synced /app/a.js, 8 ms\n");
  expect(line({ ...synced, written: 3, removed: 2, containers: 2, took: 1234 })).toBe(
    "web  synced 5 files, 2 removed in 2 containers, 1.2 s\n",
  );
  expect(line({ ...synced, written: 0, removed: 1, target: "/app/a" })).toBe("web  /app/a removed, 8 ms\n");
});

it("says of a failure when it is tried again", () => {
  const event = { type: "sync-failed", service: "web", error: new GantryError("no space"), retryIn: 200 } as const;
  expect(line(event)).toBe("web  sync failed, tried again in 200 ms\nerror: no space\n");
});

it("names files as one would from here", () => {
  const event = { type: "rebuild-started", service: "web", because: "/p/app/main.go" } as const;
  expect(line(event)).toBe("web  rebuilding: app/main.go changed\n");
});

it("prints an event as one JSON object on one line, its error as a message", () => {
  const event = { type: "rebuild-failed", service: "web", error: new GantryError("two\nlines") } as const;
  expect(watchJson(event)).toBe(
    '{"gantry":1,"type":"rebuild-failed","service":"web","error":{"message":"two\\nlines"}}\n',
  );
});
