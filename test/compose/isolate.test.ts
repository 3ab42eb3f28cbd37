import { describe, expect, it } from "vitest";
import { isolate, sharedNames } from "../../src/compose/isolate.ts";
import { projectOf } from "../reconcile/project.ts";

const text = `
services:
  web:
    image: registry:5000/acme/web
    build: {context: ., tags: ["acme/web:1"]}
    container_name: web
    networks: {front: {ipv4_address: 10.9.0.2, aliases: [www]}}
  worker: {image: "registry:5000/acme/web"}
  db: {image: postgres, container_name: shop-b-db}
networks:
  front: {name: front, ipam: {config: [{subnet: 10.9.0.0/24}]}}
  other: {external: true, name: everybody}
volumes:
  data: {}
  named: {name: kept}
  there: {external: true}
`;

describe("a copy beside the first project", () => {
  const copy = isolate({ ...projectOf(text), name: "shop-b" }, "b");

  it("has names of its own, where they do not tell the project already", () => {
    expect([...copy.services.values()].map(({ image, container_name }) => [image, container_name])).toEqual([
      ["registry:5000/acme/web:latest-b", "web-b"],
      ["registry:5000/acme/web:latest-b", undefined],
      ["postgres", "shop-b-db"],
    ]);
    expect(copy.services.get("web")?.build?.tags).toEqual(["acme/web:1-b"]);
    expect([...copy.networks.values()].map(({ name }) => name)).toEqual(["front-b", "everybody", "shop_default-b"]);
    expect([...copy.volumes.values()].map(({ name }) => name)).toEqual(["shop_data-b", "kept-b", "there"]);
  });

  it("leaves addresses to the engine, and shares what is external", () => {
    expect(copy.networks.get("front")?.ipam?.config).toBeUndefined();
    expect(copy.services.get("web")?.networks?.get("front")).toMatchObject({ aliases: ["www"] });
    expect(copy.services.get("web")?.networks?.get("front")?.ipv4_address).toBeUndefined();
    expect(sharedNames(copy)).toEqual(["everybody", "there"]);
  });
});
