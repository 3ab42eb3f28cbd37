import { describe, expect, it } from "vitest";
import { variablesIn, variablesOf } from "../../src/compose/variables.ts";
import { document } from "./document.ts";

describe("the variables of a template", () => {
  it.each([
    ["$A", ["A"]],
    [`\${A}-$b`, ["A", "b"]],
    [`$$A $\${B} $1 $`, []],
    [`\${A:-x} and \${B}`, ["A fallback x", "B"]],
    [`\${A:-\${B:-c}}`, [`A fallback \${B:-c}`, "B fallback c"]],
    [`\${A-}`, ["A"]],
    [`\${A:+yes}\${B+{}}`, ["A alternate yes", "B alternate {}"]],
    [`\${A:?set it}\${B?}`, ["A required", "B required"]],
    [`\${A:-open`, []],
    [`\${A:-two\nlines}`, []],
    [`\${ A} \${A!}`, []],
  ])("of %j are %j", (template, expected) => {
    const told = variablesOf(template).map(({ name, fallback, alternate, required }) =>
      [
        name,
        ...(fallback === "" ? [] : ["fallback", fallback]),
        ...(alternate === "" ? [] : ["alternate", alternate]),
        ...(required ? ["required"] : []),
      ].join(" "),
    );
    expect(told).toEqual(expected);
  });
});

describe("the variables of a document", () => {
  it("are sorted, each with what the first use says that says more than the name", () => {
    const tree = document(
      `services: {web: {image: "$B:$A", command: ["\${A:-1}", "\${A:-2}"], labels: {$KEY: "\${__proto__}"}}}`,
    );
    expect(variablesIn(tree)).toEqual([
      { name: "A", fallback: "1", alternate: "", required: false },
      { name: "B", fallback: "", alternate: "", required: false },
      { name: "__proto__", fallback: "", alternate: "", required: false },
    ]);
  });
});
