/** What the images' room is, for those who work in it. */

import type { Engine } from "../api.ts";
import type { Ground } from "../daemon/ground.ts";
import type { ImageStore } from "../daemon/rooms.ts";
import type { RegistryOptions } from "../registry/hosts.ts";
import type { Blobs } from "./blobs.ts";
import type { Catalog, Image } from "./catalog.ts";
import type { Layers } from "./layers.ts";

export type ImageCalls = Pick<
  Engine,
  | "imageList"
  | "imageInspect"
  | "imageHistory"
  | "imageTag"
  | "imageRemove"
  | "imagePrune"
  | "imageImport"
  | "imagePull"
  | "imagePush"
  | "imageLoad"
  | "imageSave"
  | "imageSaveOne"
  | "distributionInspect"
  | "registryLogin"
>;

export type ImageAction = "tag" | "untag" | "delete" | "import" | "load" | "save" | "create";

export interface ImagesRoom {
  readonly calls: ImageCalls;
  readonly store: ImageStore;
  readonly catalog: Catalog;
  readonly layers: Layers;
  readonly blobs: Blobs;
  readonly ground: Ground;
  readonly registries: RegistryOptions;
  /** The layers that are being pulled, by their digest. */
  readonly pulling: Map<string, Promise<void>>;
  /** Publishes an event about an image that is here; `name` is its attribute of that name. */
  tell(action: ImageAction, image: Image, name: string): void;
  /** Removes what an interrupted work left behind: call it once, when all who hold layers are known (`catalog.holders`). */
  sweep(): Promise<void>;
}
