import { describe, expect, it } from "vitest";
import { type Offers, withOffers } from "../../src/reconcile/offers.ts";
import { projectOf } from "./project.ts";

const offer = (prefixed: Record<string, string>, raw: Record<string, string> = {}) => ({
  prefixed: new Map(Object.entries(prefixed)),
  raw: new Map(Object.entries(raw)),
});

function environments(text: string, offers: Partial<Offers>): Record<string, unknown> {
  const model = withOffers(projectOf(text), { services: new Map(), models: new Map(), ...offers });
  return Object.fromEntries(
    [...model.services].map(([name, { environment }]) => [name, Object.fromEntries(environment ?? [])]),
  );
}

describe("what providers and models offer", () => {
  it("reaches the services that depend on a provider, behind its name, and the rest as it is", () => {
    const text = `
services:
  web: {image: x, environment: {KEPT: a, TOKEN: own}, depends_on: [db]}
  other: {image: x}
  db: {provider: {type: cloud}}`;
    expect(environments(text, { services: new Map([["db", offer({ URL: "u" }, { TOKEN: "t" })]]) })).toEqual({
      web: { KEPT: "a", TOKEN: "t", DB_URL: "u" },
      other: {},
      db: {},
    });
  });

  it("is a model's name and the runner's address, in the variables that the service names or in those of the model", () => {
    const text = `
services:
  web: {image: x, models: [my-llm]}
  chat: {image: x, models: {my-llm: {model_var: NAME, endpoint_var: WHERE}}}
models: {my-llm: {model: ai/small}}`;
    const models = new Map([["my-llm", offer({ MODEL: "ai/small", URL: "http://runner" })]]);
    expect(environments(text, { models })).toEqual({
      web: { MY_LLM_MODEL: "ai/small", MY_LLM_URL: "http://runner" },
      chat: { NAME: "ai/small", WHERE: "http://runner" },
    });
  });
});

describe("the engine's socket", () => {
  const apiSocket = { socket: "/run/engine.sock", config: "{}" };
  const text = (more: string) => `services: {web: {image: x, use_api_socket: true, ${more}}, other: {image: x}}`;
  const given = (more: string) =>
    withOffers(projectOf(text(more)), { services: new Map(), models: new Map(), apiSocket }).services;

  it("is mounted, with credentials where the service brings none, and only where it is asked for", () => {
    const services = given("command: a");
    expect(services.get("web")).toMatchObject({
      volumes: [{ type: "bind", source: "/run/engine.sock", target: "/var/run/docker.sock" }],
      configs: [{ source: "#apisocket", target: "/run/secrets/docker/config.json" }],
      environment: new Map([["DOCKER_CONFIG", "/run/secrets/docker"]]),
    });
    expect(services.get("other")?.volumes).toBeUndefined();
    expect(given("environment: {DOCKER_CONFIG: /mine}").get("web")?.configs ?? []).toEqual([]);
  });
});
