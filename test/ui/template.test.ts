import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { parseTemplate, templateFields } from "../../src/ui/template.ts";

const row = { Name: "shop-web-1", Ports: "80/tcp", Publishers: [{ TargetPort: 80 }], ExitCode: 0 };
const known = Object.keys(row);

describe("parseTemplate", () => {
  it.each([
    ["{{.Name}}", "shop-web-1"],
    ["{{ .Name }}: {{.Ports}}", "shop-web-1: 80/tcp"],
    ["{{.Name}}\\t{{.ExitCode}}\\n", "shop-web-1\t0\n"],
    ["{{upper .Name}}{{lower .Name}}", "SHOP-WEB-1shop-web-1"],
    ["{{json .Name}}", '"shop-web-1"'],
    ["{{.Name | json}}", '"shop-web-1"'],
    ["{{json .Publishers}}", '[{"TargetPort":80}]'],
    ["{{json .}}", JSON.stringify(row)],
    ['{{"{"}}', "{"],
    ["plain", "plain"],
  ])("renders %s", (template, expected) => {
    expect(parseTemplate(template, known)(row)).toBe(expected);
  });

  it.each(["{{.Nope}}", "{{.constructor}}", "{{range .Ports}}", "{{if .Name}}x{{end}}", "{{constructor .Name}}"])(
    "refuses %s",
    (template) => {
      expect(() => parseTemplate(template, known)).toThrow(UsageError);
    },
  );
});

describe("templateFields", () => {
  it("names the fields in the order of the template", () => {
    expect(templateFields("{{.Name}}\t{{json .Ports}}\t{{.State | upper}}")).toEqual(["Name", "Ports", "State"]);
  });
});
