import type { VerbClass } from "./verb.ts";

export interface VerbEntry {
  readonly summary: string;
  load(): Promise<VerbClass>;
}

/** Every verb, in the order of the help. What a verb needs is loaded when it is used. */
export const verbs: ReadonlyMap<string, VerbEntry> = new Map([
  verb("up", "Bring the project up: create, update and start", () => import("./up.ts")),
  verb("down", "Take the project down: stop and remove", () => import("./down.ts")),
  verb("plan", "Show what up would do, and why", () => import("./plan.ts")),
  verb("ps", "List the project's containers", () => import("./ps.ts")),
  verb("watch", "Sync, rebuild and restart as files change", () => import("./watch.ts")),
  verb("logs", "Show the containers' output", () => import("./logs.ts")),
  verb("exec", "Run a command in a running container", () => import("./exec.ts")),
  verb("run", "Run a command in a container of its own", () => import("./run.ts")),
  verb("attach", "Attach to a running container", () => import("./attach.ts")),
  verb("config", "Check the files and print what they mean", () => import("./config.ts")),
  verb("graph", "Draw the project: services, networks, volumes", () => import("./graph.ts")),
  verb("build", "Build images", () => import("./build.ts")),
  verb("pull", "Pull images", () => import("./pull.ts")),
  verb("push", "Push images", () => import("./push.ts")),
  verb("publish", "Push the project's files to a registry, for -f oci://…", () => import("./publish.ts")),
  verb("login", "Log in to a registry", () => import("./login.ts")),
  verb("logout", "Log out from a registry", () => import("./logout.ts")),
  verb("create", "Create containers, do not start them", () => import("./create.ts")),
  verb("start", "Start containers that exist", () => import("./start.ts")),
  verb("stop", "Stop containers", () => import("./stop.ts")),
  verb("restart", "Restart containers", () => import("./restart.ts")),
  verb("kill", "Send a signal to containers", () => import("./kill.ts")),
  verb("pause", "Pause containers", () => import("./pause.ts")),
  verb("unpause", "Unpause containers", () => import("./unpause.ts")),
  verb("scale", "Set how many containers services have", () => import("./scale.ts")),
  verb("rm", "Remove stopped containers", () => import("./rm.ts")),
  verb("wait", "Wait until containers stop", () => import("./wait.ts")),
  verb("top", "Show the containers' processes", () => import("./top.ts")),
  verb("stats", "Show what containers use", () => import("./stats.ts")),
  verb("events", "Show what happens to containers", () => import("./events.ts")),
  verb("port", "Show where a port is published", () => import("./port.ts")),
  verb("cp", "Copy files to and from containers", () => import("./cp.ts")),
  verb("export", "Write a container's files as a tar", () => import("./export.ts")),
  verb("commit", "Make an image of a container", () => import("./commit.ts")),
  verb("images", "List the containers' images", () => import("./images.ts")),
  verb("volumes", "List the project's volumes", () => import("./volumes.ts")),
  verb("ls", "List the engine's projects", () => import("./ls.ts")),
  verb("daemon", "Run the embedded engine", () => import("./daemon.ts")),
  verb("doctor", "Check this machine for the embedded engine", () => import("./doctor.ts")),
  verb("completion", "Print the completion of a shell", () => import("./completion.ts")),
  verb("version", "Show gantry's version", () => import("./version.ts")),
  verb("container ls", "List containers", async () => ({ default: (await import("./topics/container.ts")).ls })),
  verb("container inspect", "Show all that the engine knows of containers", async () => ({
    default: (await import("./topics/container.ts")).inspect,
  })),
  verb("container start", "Start containers", async () => ({ default: (await import("./topics/container.ts")).start })),
  verb("container stop", "Stop containers", async () => ({ default: (await import("./topics/container.ts")).stop })),
  verb("container restart", "Restart containers", async () => ({
    default: (await import("./topics/container.ts")).restart,
  })),
  verb("container kill", "Send a signal to containers", async () => ({
    default: (await import("./topics/container.ts")).kill,
  })),
  verb("container pause", "Pause containers", async () => ({ default: (await import("./topics/container.ts")).pause })),
  verb("container unpause", "Unpause containers", async () => ({
    default: (await import("./topics/container.ts")).unpause,
  })),
  verb("container rm", "Remove containers", async () => ({ default: (await import("./topics/container.ts")).rm })),
  verb("container wait", "Wait until containers stop, print their exit codes", async () => ({
    default: (await import("./topics/container.ts")).wait,
  })),
  verb("container logs", "Show a container's output", async () => ({
    default: (await import("./topics/container.ts")).logs,
  })),
  verb("container run", "Run a command in a container of its own", async () => ({
    default: (await import("./topics/container-run.ts")).run,
  })),
  verb("container create", "Create a container, do not start it", async () => ({
    default: (await import("./topics/container-run.ts")).create,
  })),
  verb("container exec", "Run a command in a running container", async () => ({
    default: (await import("./topics/container-work.ts")).exec,
  })),
  verb("container attach", "Attach to a running container", async () => ({
    default: (await import("./topics/container-work.ts")).attach,
  })),
  verb("container cp", "Copy files to and from a container", async () => ({
    default: (await import("./topics/container-work.ts")).cp,
  })),
  verb("container top", "Show a container's processes", async () => ({
    default: (await import("./topics/container-work.ts")).top,
  })),
  verb("container stats", "Show what containers use", async () => ({
    default: (await import("./topics/container-work.ts")).stats,
  })),
  verb("container rename", "Give a container another name", async () => ({
    default: (await import("./topics/container-work.ts")).rename,
  })),
  verb("container port", "Show where a container's ports are published", async () => ({
    default: (await import("./topics/container-work.ts")).port,
  })),
  verb("container update", "Change the limits of containers", async () => ({
    default: (await import("./topics/container-work.ts")).update,
  })),
  verb("container diff", "Show which files of a container differ from its image", async () => ({
    default: (await import("./topics/container-work.ts")).diff,
  })),
  verb("container commit", "Make an image of a container", async () => ({
    default: (await import("./topics/container-work.ts")).commit,
  })),
  verb("container export", "Write a container's files as a tar", async () => ({
    default: (await import("./topics/container-work.ts")).exportFiles,
  })),
  verb("container prune", "Remove all stopped containers", async () => ({
    default: (await import("./topics/container.ts")).prune,
  })),
  verb("image ls", "List images", async () => ({ default: (await import("./topics/image.ts")).ls })),
  verb("image inspect", "Show all that the engine knows of images", async () => ({
    default: (await import("./topics/image.ts")).inspect,
  })),
  verb("image pull", "Pull an image", async () => ({ default: (await import("./topics/image.ts")).pull })),
  verb("image push", "Push an image", async () => ({ default: (await import("./topics/image.ts")).push })),
  verb("image rm", "Remove images", async () => ({ default: (await import("./topics/image.ts")).rm })),
  verb("image tag", "Give an image another name", async () => ({ default: (await import("./topics/image.ts")).tag })),
  verb("image save", "Write images as a tar", async () => ({ default: (await import("./topics/image.ts")).save })),
  verb("image load", "Take the images of a tar", async () => ({ default: (await import("./topics/image.ts")).load })),
  verb("image build", "Build an image of a Dockerfile", async () => ({
    default: (await import("./topics/image-build.ts")).build,
  })),
  verb("image history", "Show what an image was made of", async () => ({
    default: (await import("./topics/image.ts")).history,
  })),
  verb("image import", "Make an image of the files of a tar", async () => ({
    default: (await import("./topics/image.ts")).importImage,
  })),
  verb("image prune", "Remove images that no container uses", async () => ({
    default: (await import("./topics/image.ts")).prune,
  })),
  verb("network ls", "List networks", async () => ({ default: (await import("./topics/network.ts")).ls })),
  verb("network inspect", "Show all that the engine knows of networks", async () => ({
    default: (await import("./topics/network.ts")).inspect,
  })),
  verb("network create", "Make a network", async () => ({ default: (await import("./topics/network.ts")).create })),
  verb("network rm", "Remove networks", async () => ({ default: (await import("./topics/network.ts")).rm })),
  verb("network connect", "Put a container on a network", async () => ({
    default: (await import("./topics/network.ts")).connect,
  })),
  verb("network disconnect", "Take a container off a network", async () => ({
    default: (await import("./topics/network.ts")).disconnect,
  })),
  verb("network prune", "Remove networks that no container uses", async () => ({
    default: (await import("./topics/network.ts")).prune,
  })),
  verb("volume ls", "List volumes", async () => ({ default: (await import("./topics/volume.ts")).ls })),
  verb("volume inspect", "Show all that the engine knows of volumes", async () => ({
    default: (await import("./topics/volume.ts")).inspect,
  })),
  verb("volume create", "Make a volume", async () => ({ default: (await import("./topics/volume.ts")).create })),
  verb("volume rm", "Remove volumes", async () => ({ default: (await import("./topics/volume.ts")).rm })),
  verb("volume prune", "Remove volumes that no container uses", async () => ({
    default: (await import("./topics/volume.ts")).prune,
  })),
  verb("system df", "Show what takes up space", async () => ({ default: (await import("./topics/system.ts")).df })),
  verb("system info", "Show what the engine says of itself", async () => ({
    default: (await import("./topics/system.ts")).info,
  })),
  verb("system events", "Show what happens on the engine", async () => ({
    default: (await import("./topics/system.ts")).events,
  })),
  verb("system prune", "Remove what nothing uses: containers, networks, images", async () => ({
    default: (await import("./topics/system.ts")).prune,
  })),
  verb("bridge convert", "Turn the project into another model", () => import("./bridge/convert.ts")),
  verb("bridge transformations list", "List transformation images", () => import("./bridge/list.ts")),
  verb("bridge transformations create", "Begin a transformation of your own", () => import("./bridge/create.ts")),
  verb("alpha publish", "Push the project's files to a registry, for -f oci://…", () => import("./publish.ts")),
  verb("alpha generate", "Write a compose file of containers that exist", () => import("./alpha/generate.ts")),
  verb("alpha viz", "Draw the services for Graphviz", () => import("./alpha/viz.ts")),
  verb("help", "Show the verbs, or the flags of one verb", () => import("./help.ts")),
]);

/** First words that several verbs share, and what those are about. */
export const topics: ReadonlyMap<string, string> = new Map([
  ["container", "The engine's containers, whatever project they are of"],
  ["image", "The engine's images"],
  ["network", "The engine's networks"],
  ["volume", "The engine's volumes"],
  ["system", "The engine itself"],
  ["bridge", "Other models, made of the project by transformation images"],
  ["bridge transformations", "Transformation images"],
  ["alpha", "What docker compose calls experimental"],
]);

/** The verbs of a topic, with their second words. */
export function verbsOf(topic: string): ReadonlyMap<string, VerbEntry> {
  return new Map([...verbs].filter(([name]) => name.startsWith(`${topic} `)));
}

function verb(name: string, summary: string, load: () => Promise<{ default: VerbClass }>): [string, VerbEntry] {
  return [name, { summary, load: async () => (await load()).default }];
}
