/** The call that makes an image of a container. */

import type { ContainerConfig, Engine } from "../../api.ts";
import { changeConfig } from "../../build/change-config.ts";
import { publish, type Room } from "../room.ts";

export function answerCommit(room: Room): Pick<Engine, "containerCommit"> {
  return {
    containerCommit: async ({ container: id, repo, tag, comment, author, pause = true, changes = [], body }) => {
      const container = room.registry.find(id);
      const { record } = container;
      const parent = room.images.find(record.image.id);
      const { Hostname: _, ...own } = record.config;
      const config = changeConfig({ ...own, ...withoutEmpty(body) }, changes);
      const reference = repo ? `${repo}:${tag || "latest"}` : undefined;
      const freeze = pause && record.state.status === "running";
      const image = await container.exclusively(async () => {
        if (freeze) await room.runtime.pause(record.id);
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
          if (freeze) await room.runtime.resume(record.id);
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

/** Of a config that a client sends, what says something. */
function withoutEmpty(config: ContainerConfig | undefined): ContainerConfig {
  const isSaid = ([, value]: [string, unknown]) =>
    value !== null && value !== "" && value !== false && value !== undefined;
  return Object.fromEntries(Object.entries(config ?? {}).filter(isSaid));
}
