/** Calls of the API that are no method of ours, and what clients get who try them. Pure. */

interface Outside {
  readonly status: number;
  readonly body: unknown;
}

const noSwarm = {
  message:
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
};

/**
 * The answer to a call outside of the contract: swarm says that there is none (503), plug-ins are none, and none is found, what else the API
 * has is said not to be here (501). Undefined: no call of the API.
 */
export function answerOutside(method: string, path: string): Outside | undefined {
  if (/^\/(swarm|nodes|services|tasks|secrets|configs)(\/|$)/.test(path)) return { status: 503, body: noSwarm };
  if (method === "GET" && path === "/plugins") return { status: 200, body: [] };
  const plugin = /^\/plugins\/(.+)\/json$/.exec(path)?.[1];
  if (method === "GET" && plugin !== undefined)
    return { status: 404, body: { message: `plugin "${plugin}" not found` } };
  const isKnown =
    /^\/plugins\//.test(path) ||
    path === "/images/search" ||
    /^\/containers\/[^/]+\/(attach\/ws|checkpoints)/.test(path) ||
    /^\/images\/.+\/attestations$/.test(path);
  return isKnown ? { status: 501, body: { message: `this engine does not have ${method} ${path}` } } : undefined;
}
