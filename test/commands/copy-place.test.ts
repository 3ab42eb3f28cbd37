import { describe, expect, it } from "vitest";
import { placeOfCopy, readCopy } from "../../src/commands/copy-place.ts";

describe("readCopy", () => {
  it("tells a path of a service from one here", () => {
    expect(readCopy("web:/etc", "./a:b")).toEqual({
      direction: "from",
      service: "web",
      source: "/etc",
      target: "./a:b",
    });
    expect(readCopy("-", "web:/etc")).toEqual({ direction: "to", service: "web", source: "-", target: "/etc" });
    expect(readCopy("/a:b", "web:x:y")).toMatchObject({ service: "web", target: "x:y" });
  });

  it("refuses two services, and none", () => {
    expect(() => readCopy("web:/a", "db:/b")).toThrow("copying between services is not supported");
    expect(() => readCopy("a", "b")).toThrow("unknown copy direction");
  });
});

describe("placeOfCopy", () => {
  const directory = { path: "src/d", isDirectory: true };
  const file = { path: "src/f", isDirectory: false };

  it("puts things into a directory that is there, under their own name", () => {
    expect(placeOfCopy(file, { path: "/t", kind: "directory" })).toEqual({ directory: "/t", name: "f" });
    expect(placeOfCopy(directory, { path: "/t/", kind: "directory" })).toEqual({ directory: "/t/", name: "d" });
  });

  it("copies the contents of dir/.", () => {
    const contents = { path: "src/d/.", isDirectory: true };
    expect(placeOfCopy(contents, { path: "/t", kind: "directory" })).toEqual({ directory: "/t", name: "." });
    expect(placeOfCopy(contents, { path: "/t/new" })).toEqual({ directory: "/t", name: "new" });
  });

  it("makes what is not there under the target's name", () => {
    expect(placeOfCopy(file, { path: "/t/new" })).toEqual({ directory: "/t", name: "new" });
    expect(placeOfCopy(directory, { path: "new/" })).toEqual({ directory: ".", name: "new" });
    expect(placeOfCopy(file, { path: "/new" })).toEqual({ directory: "/", name: "new" });
  });

  it("replaces a file by a file, and by nothing else", () => {
    expect(placeOfCopy(file, { path: "/t/g", kind: "file" })).toEqual({ directory: "/t", name: "g" });
    expect(() => placeOfCopy(directory, { path: "/t/g", kind: "file" })).toThrow("onto the file /t/g");
    expect(() => placeOfCopy(file, { path: "/t/g/", kind: "file" })).toThrow("/t/g/ is not a directory");
  });

  it("does not make a directory for a file", () => {
    expect(() => placeOfCopy(file, { path: "/t/new/" })).toThrow("there is no directory /t/new/");
  });
});
