import { describe, expect, it } from "vitest";
import type { VolumeResource } from "../../src/engine/api.ts";
import { volumeBody, volumeDivergence } from "../../src/reconcile/volume-body.ts";
import { projectOf } from "./project.ts";

function factsOf(attributes: string) {
  const project = projectOf(`services: {web: {image: nginx}}\nvolumes: {data: {${attributes}}}`);
  const volume = project.volumes.get("data");
  if (volume === undefined) throw new Error("no volume data");
  return { project, key: "data", volume, version: "0.1.0" };
}

const bare: VolumeResource = {
  Name: "shop_data",
  Driver: "local",
  Mountpoint: "/x",
  Labels: { "com.docker.compose.volume": "data", "com.docker.compose.config-hash": "foreign" },
  Options: null,
  Scope: "local",
};

describe("a volume's body", () => {
  it("has all that the file says, and docker compose's labels", () => {
    const { Labels, ...body } = volumeBody(factsOf("driver: nfs, driver_opts: {device: ':/x'}, labels: {keep: 'yes'}"));
    expect(body).toEqual({ Name: "shop_data", Driver: "nfs", DriverOpts: { device: ":/x" } });
    expect(Labels).toEqual({
      keep: "yes",
      "com.docker.compose.volume": "data",
      "com.docker.compose.project": "shop",
      "com.docker.compose.version": "0.1.0",
      "com.docker.compose.config-hash": expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

describe("an existing volume", () => {
  it("is as wanted when it was made from the same file", () => {
    const facts = factsOf("driver_opts: {device: ':/x'}");
    const { Labels = {} } = volumeBody(facts);
    expect(volumeDivergence(facts.volume, { ...bare, Labels })).toEqual([]);
  });

  it("is compared by what it is when docker compose made it", () => {
    expect(volumeDivergence(factsOf("").volume, bare)).toEqual([]);
    expect(volumeDivergence(factsOf("driver: local").volume, bare)).toEqual([]);
    expect(volumeDivergence(factsOf("driver: nfs, driver_opts: {o: rw}, labels: {a: b}").volume, bare)).toEqual([
      "driver",
      "driver_opts.o",
      "labels.a",
    ]);
  });

  it("differs in an option that the file no longer has", () => {
    expect(volumeDivergence(factsOf("").volume, { ...bare, Options: { o: "rw" } })).toEqual(["driver_opts.o"]);
  });

  it("is taken as it is when it is external", () => {
    expect(volumeDivergence(factsOf("external: true").volume, { ...bare, Driver: "nfs" })).toEqual([]);
  });
});
