/** The call that makes an image of a container. */

import type { ContainerConfig, Engine } from "../../api.ts";
import { changeConfig } from "../../build/change-config.ts";
import { takeConfig } from "../bodies.ts";
import type { Container } from "../registry.ts";
import { publish, type Room } from "../room.ts";
import { hasProcess } from "../runtime/processes.ts";

export function answerCommit(room: Room): Pick<Engine, "containerCommit"> {
  return {
    containerCommit: async ({ container: id, repo, tag, comment, author, pause = true, changes = [], body }) => {
      const container = room.registry.find(id);
      const { record } = container;
      const parent = room.images.find(record.image.id);
      const { Hostname: _, ...own } = record.config;
      const config = changeConfig({ ...own, ...withoutEmpty(takeConfig(body)) }, changes);
      const reference = repo ? `${repo}:${tag || "latest"}` : undefined;
      const image = await container.exclusively(async () => {
        const isFrozen = pause && (await freeze(room, container));
        try {
          return await room.images.add(
            {
              parent,
              upper: room.places.of(record.id).upper,
              config,
              platform: parent.platform,
              createdBy: [...(record.config.Entrypoint ?? []), ...(record.config.Cmd ?? [])].join(" "),
              ...(author !== undefined && { author }),
              ...(comment !== undefined && { comment }),
            },
            reference,
          );
        } finally {
          if (isFrozen)
            await room.runtime.resume(record.id).catch((error: unknown) => unlessEnded(room, container, error));
        }
      });
      publish(room, record, "commit", {
        comment: comment ?? "",
        imageID: image.id,
        ...(reference !== undefined && { imageRef: reference }),
      });
      return { Id: image.id };
    },
  };
}

/** Keeps a container's processes from writing meanwhile; false where there are none, or they are kept already. */
async function freeze(room: Room, container: Container): Promise<boolean> {
  const { id, state } = container.record;
  if (state.status !== "running") return false;
  return room.runtime.pause(id).then(
    () => true,
    (error: unknown) => unlessEnded(room, container, error),
  );
}

/** What the runtime says of a container that has ended, which is noticed later, is no failure. */
async function unlessEnded(room: Room, container: Container, error: unknown): Promise<false> {
  if (await hasProcess(container.record.state.run, room.ground.bootId)) throw error;
  return false;
}

/** Of a config that a client sends, what says something. */
function withoutEmpty(config: ContainerConfig): ContainerConfig {
  const isSaid = ([, value]: [string, unknown]) =>
    value !== null && value !== "" && value !== false && value !== undefined;
  return Object.fromEntries(Object.entries(config).filter(isSaid));
}
