import { describe, expect, it } from "vitest";
import { renderVariables } from "../../src/commands/config-variables.ts";

const variables = [
  { name: "A", fallback: "", alternate: "", required: true },
  { name: "LONG_NAME_OF_A_VARIABLE", fallback: "80", alternate: "", required: false },
  { name: "Y", fallback: "", alternate: "yes", required: false },
];

// The texts of docker compose 2.40.3.
describe("variables of a project", () => {
  it("are a table with docker's columns", () => {
    expect(renderVariables(variables, "table")).toBe(
      [
        "NAME                      REQUIRED            DEFAULT VALUE       ALTERNATE VALUE",
        "A                         true                                    ",
        "LONG_NAME_OF_A_VARIABLE   false               80                  ",
        "Y                         false                                   yes",
        "",
      ].join("\n"),
    );
  });

  it("are JSON with docker's keys", () => {
    expect(JSON.parse(renderVariables(variables, "json"))).toEqual({
      A: { Name: "A", DefaultValue: "", PresenceValue: "", Required: true },
      LONG_NAME_OF_A_VARIABLE: {
        Name: "LONG_NAME_OF_A_VARIABLE",
        DefaultValue: "80",
        PresenceValue: "",
        Required: false,
      },
      Y: { Name: "Y", DefaultValue: "", PresenceValue: "yes", Required: false },
    });
  });

  it("are YAML with docker's keys and its four spaces", () => {
    expect(renderVariables(variables.slice(2), "yaml")).toBe(
      '"Y":\n    name: "Y"\n    defaultvalue: ""\n    presencevalue: "yes"\n    required: false\n',
    );
  });
});
