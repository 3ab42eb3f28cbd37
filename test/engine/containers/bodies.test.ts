import { describe, expect, it } from "vitest";
import { takeCreateBody, takeMembershipBody, takeUpdateBody } from "../../../src/engine/containers/bodies.ts";

describe("the body of a call", () => {
  it("is taken with what is known of it: nothing else goes on", () => {
    const body = JSON.parse('{"Image":"x","Surprise":1,"HostConfig":{"Memory":7,"Other":{}},"__proto__":{"Tty":true}}');
    expect(takeCreateBody(body)).toEqual({ Image: "x", HostConfig: { Memory: 7 } });
    expect(takeCreateBody(body).Tty).toBeUndefined();
  });

  it("keeps names of users as they are, whatever they are", () => {
    const { Labels } = takeCreateBody(JSON.parse('{"Labels":{"__proto__":"a","constructor":"b"}}'));
    expect(Object.entries(Labels ?? {})).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it("may give a command as one string, and null for nothing", () => {
    expect(takeCreateBody({ Cmd: "ls", Entrypoint: null, Env: null })).toEqual({
      Cmd: ["ls"],
      Entrypoint: null,
      Env: null,
    });
    expect(takeCreateBody(null)).toEqual({});
  });

  it.each([
    [{ Tty: "yes" }, "cannot unmarshal string into Go struct field CreateRequest.Tty of type bool"],
    [
      { HostConfig: { Memory: 1.5 } },
      "cannot unmarshal number into Go struct field CreateRequest.HostConfig.Memory of type int64",
    ],
    [{ Env: { A: "b" } }, "cannot unmarshal object into Go struct field CreateRequest.Env of type a list"],
    [{ HostConfig: [] }, "cannot unmarshal array into Go struct field CreateRequest.HostConfig of type an object"],
    [{ Cmd: ["a", 1] }, "cannot unmarshal number into Go struct field CreateRequest.Cmd of type string"],
    [{ HostConfig: { PortBindings: { "80/tcp": [{ HostPort: 80 }] } } }, "HostPort of type string"],
  ])("%j is refused", (body, message) => {
    const refusal = expect.objectContaining({ status: 400, message: expect.stringContaining(message) });
    expect(() => takeCreateBody(body)).toThrowError(refusal);
  });

  it("is checked for the other calls likewise", () => {
    expect(() => takeUpdateBody({ Memory: "1g" })).toThrowError(expect.objectContaining({ status: 400 }));
    expect(() => takeMembershipBody({ Container: {} })).toThrowError(expect.objectContaining({ status: 400 }));
    expect(takeMembershipBody({ Container: "c", EndpointConfig: null })).toEqual({
      Container: "c",
      EndpointConfig: null,
    });
  });
});
