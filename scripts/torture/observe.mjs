/** What an engine says that it holds: one picture, for the model and for the comparison with the kernel. */
import { baseImage, label } from "./workload.mjs";

/** `{ containers, networks, volumes, images }`; containers with what `inspect` says. */
export async function observe(client) {
  const [containers, networks, { Volumes: volumes }, images] = await Promise.all([
    client.containerList({ all: true }),
    client.networkList({}),
    client.volumeList({}),
    client.imageList({ all: true }),
  ]);
  const inspected = await Promise.all(containers.map(({ Id: id }) => client.containerInspect({ id })));
  return { containers: inspected, networks, volumes, images };
}

const status = ({ Status }) => (Status === "created" || Status === "exited" ? "stopped" : Status);

/** A container as the model has it. */
const containerState = ({ Id, Name, Config, HostConfig, State, NetworkSettings }) => ({
  exists: true,
  id: Id,
  name: Name.slice(1),
  marker: Config.Labels?.[label],
  status: status(State),
  networks: Object.keys(NetworkSettings.Networks).toSorted(),
  memory: HostConfig.Memory ?? 0,
  ...(State.Running && { startedAt: State.StartedAt, pid: State.Pid }),
  finished: State.Status === "exited" && State.Error === "",
  code: State.ExitCode,
  error: State.Error,
});

/** The pictures' things by the names of the model's slots: states as the model has them. */
export function statesOf({ containers, networks, volumes, images }) {
  const states = new Map();
  for (const container of containers.filter(({ Config }) => Config.Labels?.[label] !== undefined)) {
    const state = containerState(container);
    states.set(state.name.replace(/-renamed$/, ""), state);
  }
  for (const { Name: name, Id: id, Labels } of networks) {
    if (Labels?.[label] !== undefined) states.set(name, { exists: true, id, name, marker: Labels[label] });
  }
  for (const { Name: name, Labels } of volumes) {
    if (Labels?.[label] !== undefined) states.set(name, { exists: true, name, marker: Labels[label] });
  }
  for (const name of images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag !== baseImage)) {
    states.set(name.replace(/:1$/, ""), { exists: true, name });
  }
  return states;
}
