import { expect, it } from "vitest";
import { imageRow } from "../../src/commands/images.ts";
import type { ContainerSummary, ImageInspect } from "../../src/engine/api.ts";

const container: ContainerSummary = {
  Id: "c1",
  Names: ["/shop-web-1"],
  Image: "registry:5000/web",
  ImageID: "sha256:aa",
  Command: "",
  Created: 0,
  State: "running",
  Status: "",
  Ports: [],
  Labels: {},
  Mounts: [],
};
const image: ImageInspect = {
  Id: "sha256:aa",
  RepoTags: ["other:1", "registry:5000/web:latest"],
  RepoDigests: ["registry:5000/web@sha256:bb"],
  Architecture: "arm64",
  Variant: "v8",
  Os: "linux",
  Size: 7,
  Config: null,
};

it("names the image as the container does, with its platform", () => {
  expect(imageRow(container, image)).toEqual({
    ID: "sha256:aa",
    ContainerName: "shop-web-1",
    Repository: "registry:5000/web",
    Tag: "latest",
    Platform: "linux/arm64/v8",
    Size: 7,
  });
});

it("says <none> for an image that has lost its name, or is gone", () => {
  expect(imageRow(container, { ...image, RepoTags: [] })).toMatchObject({
    Repository: "registry:5000/web",
    Tag: "<none>",
  });
  expect(imageRow(container, undefined)).toMatchObject({ Repository: "<none>", Tag: "<none>", Platform: "" });
});
