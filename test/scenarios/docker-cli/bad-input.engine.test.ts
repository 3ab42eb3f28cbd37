/** What no well-behaved client sends: refused with docker's message, and the daemon goes on. */

import { request } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, idle, image, openBench, withDocker } from "./bench.ts";

type Case = readonly [call: string, body: string | undefined, status: number, words: string];

withDocker("bad input on the socket", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
    await bench.says("run", "-d", "--name", "box", image, ...idle);
  });
  afterAll(() => bench.close());

  const send = (call: string, body: string | undefined, type = "application/json") =>
    new Promise<{ status: number | undefined; message: unknown }>((resolve, reject) => {
      const [method, path] = call.split(" ");
      const headers = body === undefined ? {} : { "Content-Type": type, "Content-Length": Buffer.byteLength(body) };
      const sent = request({ socketPath: bench.socket, method, path: `/v1.47${path}`, headers, agent: false });
      sent.on("error", reject).on("response", async (response) => {
        const text = (await response.toArray()).join("");
        resolve({ status: response.statusCode, message: JSON.parse(text || "{}").message });
      });
      sent.end(body);
    });

  /** What the engine holds; a refused call must not change it. */
  const held = async () => [
    await bench.says("ps", "-a", "--format", "{{.Names}} {{.State}}"),
    await bench.says("network", "ls", "--format", "{{.Name}}"),
    await bench.says("volume", "ls", "-q"),
    await bench.says("images", "-aq"),
    await bench.host("nft", "list", "ruleset"),
  ];

  const refuses = async (cases: readonly Case[]) => {
    const before = await held();
    for (const [call, body, status, words] of cases) {
      expect({ call, body, ...(await send(call, body)) }).toEqual({
        call,
        body,
        status,
        message: expect.stringContaining(words),
      });
    }
    expect(await held()).toEqual(before);
  };

  it("values of the wrong type are named, in every body", async () => {
    const mismatch = (field: string) => `Go struct field ${field}`;
    const create = (more: string): [string, string] => ["POST /containers/create", `{"Image":"${image}",${more}}`];
    await refuses([
      [...create('"Cmd":{"a":1}'), 400, "cannot unmarshal object into Go struct field CreateRequest.Cmd"],
      [...create('"Env":"A=1"'), 400, "cannot unmarshal string into Go struct field CreateRequest.Env"],
      [...create('"Env":[1]'), 400, mismatch("CreateRequest.Env of type string")],
      [...create('"Tty":"yes"'), 400, mismatch("CreateRequest.Tty of type bool")],
      [...create('"HostConfig":[]'), 400, mismatch("CreateRequest.HostConfig")],
      [...create('"HostConfig":{"Memory":"64m"}'), 400, mismatch("CreateRequest.HostConfig.Memory of type int64")],
      [...create('"HostConfig":{"Memory":1.5}'), 400, mismatch("CreateRequest.HostConfig.Memory of type int64")],
      ["POST /containers/box/update", '{"Memory":"x"}', 400, mismatch("UpdateConfig.Memory")],
      ["POST /containers/box/exec", '{"Cmd":5}', 400, mismatch("ExecCreateRequest.Cmd")],
      ["POST /containers/box/exec", '{"Cmd":["a"],"User":5}', 400, mismatch("ExecCreateRequest.User of type string")],
      ["POST /commit?container=box", '{"Env":5}', 400, mismatch("ContainerConfig.Env")],
      ["POST /networks/create", '{"Name":5}', 400, mismatch("CreateRequest.Name of type string")],
      ["POST /networks/create", '{"Name":"n","IPAM":"x"}', 400, mismatch("CreateRequest.IPAM")],
      ["POST /networks/create", '{"Name":"n","IPAM":{"Config":[{"Subnet":5}]}}', 400, mismatch("CreateRequest.IPAM")],
      ["POST /networks/create", '{"Name":"n","Options":[]}', 400, mismatch("CreateRequest.Options")],
      ["POST /networks/create", '{"Name":"n","Internal":"yes"}', 400, mismatch("CreateRequest.Internal of type bool")],
      ["POST /networks/bridge/connect", '{"Container":5}', 400, mismatch("NetworkConnect.Container")],
      ["POST /volumes/create", '{"Name":5}', 400, mismatch("VolumeCreateRequest.Name of type string")],
      ["POST /volumes/create", '{"Labels":{"a":1}}', 400, mismatch("VolumeCreateRequest.Labels")],
      ["POST /auth", '{"username":5}', 400, mismatch("AuthConfig.username of type string")],
    ]);
  });

  it("bodies that are missing, broken, too long or of another kind are refused", async () => {
    const bodies = ["/containers/create", "/networks/create", "/volumes/create", "/containers/box/exec"];
    await refuses([
      ...bodies.flatMap((path): readonly Case[] => [
        [`POST ${path}`, "{", 400, "invalid JSON"],
        [`POST ${path}`, "[]", 400, "invalid JSON"],
        [`POST ${path}`, '"x"', 400, "invalid JSON"],
        [`POST ${path}`, '{"Name":"nn"} {}', 400, "unexpected content after JSON"],
      ]),
      ["POST /containers/create", undefined, 400, "no image is given"],
      ["POST /containers/create", '{"Image":""}', 400, "no image is given"],
      ["POST /networks/create", undefined, 400, "name is empty"],
      ["POST /containers/box/exec", undefined, 400, "No exec command specified"],
      ["POST /networks/bridge/connect", undefined, 400, "invalid container name or ID: value is empty"],
      ["POST /networks/bridge/disconnect", undefined, 400, "invalid container name or ID: value is empty"],
      ["POST /containers/box/rename", undefined, 400, "Neither old nor new names may be empty"],
    ]);
    const plain = await send("POST /containers/create", `{"Image":"${image}"}`, "text/plain");
    expect(plain).toEqual({ status: 400, message: expect.stringContaining("must be 'application/json'") });
  });

  it("filters that are unknown, broken or make no sense are refused by every list and prune", async () => {
    const gets = ["/containers/json", "/images/json", "/networks", "/volumes", "/events"].map((path) => `GET ${path}`);
    const prunes = ["containers", "images", "networks", "volumes", "build"].map((path) => `POST /${path}/prune`);
    const filtered = (call: string, filters: string) => `${call}?filters=${encodeURIComponent(filters)}`;
    await refuses([
      ...[...gets, ...prunes].flatMap((call): readonly Case[] => [
        [filtered(call, '{"bogus":["x"]}'), undefined, 400, "invalid filter 'bogus'"],
        [filtered(call, '{"__proto__":["x"]}'), undefined, 400, "invalid filter '__proto__'"],
        [filtered(call, "{"), undefined, 400, "it is not JSON"],
        [filtered(call, "[]"), undefined, 400, "invalid filter"],
        [filtered(call, '{"label":[5]}'), undefined, 400, "invalid filter 'label'"],
      ]),
      [filtered("GET /containers/json", '{"status":["bogus"]}'), undefined, 400, "invalid filter 'status=bogus'"],
      [filtered("GET /containers/json", '{"health":["bogus"]}'), undefined, 400, "filter value for health: bogus"],
      ["GET /system/df?type=bogus", undefined, 400, "unknown object type: bogus"],
      ["GET /containers/json?limit=x", undefined, 400, '"x" is not a number'],
      ["POST /containers/box/wait?condition=bogus", undefined, 400, 'invalid condition: "bogus"'],
    ]);
  });

  it("names with slashes, dots, spaces, and what shells and nft would read as more, are refused", async () => {
    const names = [
      "a/b",
      "..",
      "../x",
      "a b",
      "$(id)",
      "`id`",
      "a;b",
      "a|b",
      "x{",
      "} flush ruleset",
      'a"b',
      "a\n",
      "-x",
    ];
    await refuses(
      names.flatMap((name): readonly Case[] => {
        const inUrl = encodeURIComponent(name);
        const words = "[a-zA-Z0-9][a-zA-Z0-9_.-]";
        return [
          [`POST /containers/create?name=${inUrl}`, `{"Image":"${image}"}`, 400, words],
          [`POST /containers/box/rename?name=${inUrl}`, undefined, 400, words],
          ["POST /networks/create", JSON.stringify({ Name: name }), 400, words],
          ["POST /volumes/create", JSON.stringify({ Name: name }), 400, words],
          [`POST /images/${image}/tag?repo=x&tag=${inUrl}`, undefined, 400, "invalid reference format"],
          [`GET /containers/${inUrl}/json`, undefined, 404, "No such container"],
          [`DELETE /volumes/${inUrl}`, undefined, 404, "no such volume"],
        ];
      }),
    );
  });

  it("addresses, ports, hosts and paths that hold something else are refused", async () => {
    const create = (more: object): [string, string] => [
      "POST /containers/create",
      JSON.stringify({ Image: image, ...more }),
    ];
    const host = (HostConfig: object) => create({ HostConfig });
    const network = (more: object): [string, string] => [
      "POST /networks/create",
      JSON.stringify({ Name: "nn", ...more }),
    ];
    await refuses([
      [
        ...host({ PortBindings: { "80/tcp": [{ HostPort: "1; flush" }] } }),
        400,
        'invalid port specification: "1; flush"',
      ],
      [...host({ PortBindings: { "80/tcp": [{ HostIp: "1.2.3.4 }" }] } }), 400, "invalid IP address: 1.2.3.4 }"],
      [...host({ PortBindings: { "80; x/tcp": [{}] } }), 400, "invalid port specification"],
      [...host({ ExtraHosts: ["a:1.2.3.4\n6.6.6.6 b"] }), 400, "invalid IP address in add-host"],
      [...host({ Dns: ["x; y"] }), 400, "x; y"],
      [...host({ Binds: ["../x:/y"] }), 400, "invalid volume specification"],
      [...host({ Mounts: [{ Type: "volume", Source: "../v", Target: "/x" }] }), 400, "invalid characters"],
      [...host({ Runtime: "../../bin/sh" }), 400, "unknown or invalid runtime name"],
      [...create({ Hostname: "a b;c" }), 400, "invalid hostname format: a b;c"],
      [...create({ MacAddress: "x; flush" }), 400, "invalid MAC address: x; flush"],
      [...create({ Env: ["A\0=1"] }), 400, "NUL"],
      [...network({ IPAM: { Config: [{ Subnet: "10.0.0.0/8; flush" }] } }), 400, "10.0.0.0/8; flush"],
      [...network({ Options: { "com.docker.network.bridge.name": "a; b" } }), 400, "a; b"],
      [...network({ Options: { "com.docker.network.bridge.name": "../x" } }), 400, "../x"],
      ["POST /containers/box/kill?signal=$(id)", undefined, 400, "invalid signal: $(id)"],
      ["GET /containers/box/top?ps_args=%3Bid", undefined, 400, ";id"],
    ]);
  });
});
