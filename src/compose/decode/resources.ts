import type { Model, Network, Secret, Volume } from "../model.ts";
import { present } from "./present.ts";
import type { Reader } from "./reader.ts";

/** A top-level network. */
export function decodeNetwork(r: Reader, key: string): Network {
  return present({
    name: r.text("name") ?? key,
    driver: r.text("driver"),
    driver_opts: r.pairs("driver_opts"),
    ipam: r.below("ipam", (ipam) =>
      present({
        driver: ipam.text("driver"),
        config: ipam.list("config", (pool) =>
          present({
            subnet: pool.text("subnet"),
            gateway: pool.text("gateway"),
            ip_range: pool.text("ip_range"),
            aux_addresses: pool.pairs("aux_addresses"),
            extensions: pool.extensions(),
          }),
        ),
        options: ipam.pairs("options"),
        extensions: ipam.extensions(),
      }),
    ),
    external: r.flag("external"),
    internal: r.flag("internal"),
    attachable: r.flag("attachable"),
    enable_ipv4: r.flag("enable_ipv4"),
    enable_ipv6: r.flag("enable_ipv6"),
    labels: r.pairs("labels"),
    extensions: r.extensions(),
  });
}

/** A top-level volume. */
export function decodeVolume(r: Reader, key: string): Volume {
  return present({
    name: r.text("name") ?? key,
    driver: r.text("driver"),
    driver_opts: r.pairs("driver_opts"),
    external: r.flag("external"),
    labels: r.pairs("labels"),
    extensions: r.extensions(),
  });
}

/** A top-level secret or config. */
export function decodeSecret(r: Reader, key: string): Secret {
  const content = r.node.entries.get("content")?.value;
  return present({
    name: r.text("name") ?? key,
    file: r.text("file"),
    environment: r.text("environment"),
    // An empty content is a content: the file is empty.
    content: content?.kind === "scalar" && content.type !== "null" ? content.text : undefined,
    external: r.flag("external"),
    labels: r.pairs("labels"),
    driver: r.text("driver"),
    driver_opts: r.pairs("driver_opts"),
    template_driver: r.text("template_driver"),
    extensions: r.extensions(),
  });
}

/** A top-level model. */
export function decodeModel(r: Reader, key: string): Model {
  return present({
    name: r.text("name") ?? key,
    model: r.text("model") ?? "",
    context_size: r.integer("context_size"),
    runtime_flags: r.texts("runtime_flags"),
    extensions: r.extensions(),
  });
}
