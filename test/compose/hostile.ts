/** Files that nobody writes in good faith: each asks for time, memory or stack out of all proportion to its size. */

/** A project's files by name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** The projects by name, made when they are asked for. @param size of each compose file, in characters */
export function hostileProjects(size: number): ReadonlyMap<string, () => Files> {
  const fill = (part: (i: number) => string, length = size) => {
    let text = "";
    for (let i = 0; text.length < length; i++) text += part(i);
    return text;
  };
  const service = (attributes: string) => `services: {web: {image: x, ${attributes}}}`;
  const image = (text: string) => `services: {web: {image: "${text}"}}`;
  const steps = (text: string) => Array.from({ length: size / text.length }, () => text).join("");
  const single = Object.entries<() => string>({
    // nesting
    "flow lists that do not close": () => `x: ${steps("[")}`,
    "flow lists in flow lists": () => `x: ${"[".repeat(size / 2)}${"]".repeat(size / 2)}`,
    "mappings in mappings": () => `x: ${steps("{a: ")}`,
    "block mappings, ever deeper": () =>
      Array.from({ length: Math.sqrt(size) }, (_, i) => `${" ".repeat(i)}a:\n`).join(""),
    "lists in lists": () => `x:\n${steps("- ")}a\n`,
    "keys that are keys": () => `${steps("? ")}a\n`,
    // aliases
    "aliases that multiply": () =>
      `a: &a [x, x]\n${"bcdefghijklmnopqrstuvwxyz"
        .split("")
        .map(
          (letter, i) =>
            `${letter}: &${letter} [*${"abcdefghijklmnopqrstuvwxyz"[i]}, *${"abcdefghijklmnopqrstuvwxyz"[i]}]\n`,
        )
        .join("")}services: {}\n`,
    "merge keys that multiply": () =>
      `a: &a {${fill((i) => `k${i}: 1, `, 1000)}}\n${fill((i) => `s${i}: {<<: [*a, *a, *a, *a]}\n`)}`,
    "a chain of merge keys": () => `a0: &a0 {k: 1}\n${fill((i) => `a${i + 1}: &a${i + 1} {<<: *a${i}}\n`)}`,
    "anchors without end": () => fill((i) => `a${i}: &a${i} x\n`),
    "aliases without end": () => `a: &a x\nx: [${fill(() => "*a, ")}]`,
    "a mapping that contains itself": () => "services: &a {web: {image: x, x-a: *a}}",
    // sheer number
    "a long text": () => image("x".repeat(size)),
    "a long key": () => `services: {${"k".repeat(size)}: {}}`,
    "a long number": () => service(`scale: ${"9".repeat(size)}`),
    "a long number in base 16": () => service(`scale: 0x${"f".repeat(size)}`),
    "a long number as a text": () => service(`scale: "${"9".repeat(size)}"`),
    "a long size": () => service(`mem_limit: "${"9".repeat(size)}"`),
    "a long duration": () => service(`stop_grace_period: "${steps("1h")}"`),
    "a long command": () => service(`command: "${steps("a ")}"`),
    "a long port": () => service(`ports: ["${steps(":")}"]`),
    "a long mount": () => service(`volumes: ["${steps("aa:")}"]`),
    "many services": () => `services:\n${fill((i) => `  s${i}: {image: x}\n`)}`,
    "many faults": () => `services:\n${fill((i) => `  s${i}: {imge: x}\n`)}`,
    "many unknown attributes": () => service(fill((i) => `imag${i}: v, `)),
    "many labels": () => service(`labels: {${fill((i) => `k${i}: v, `)}}`),
    "many equal keys": () => service(`labels: {${fill(() => "k: v, ")}}`),
    "many ports": () => service(`ports: [${fill((i) => `"${i % 60000}:80", `)}]`),
    "many ranges of ports": () => service(`ports: [${fill((i) => `"${i + 1}-65535", `, 2000)}]`),
    "many mounts": () => service(`volumes: [${fill((i) => `{type: bind, source: /a, target: /a${i}}, `)}]`),
    "many requests": () => service(`gpus: [${fill((i) => `{count: ${i}}, `)}]`),
    "many equal hosts": () => service(`extra_hosts: [${fill(() => "a=1, ")}]`),
    "many addresses of a host": () => service(`extra_hosts: [${fill((i) => `a=${i}, `)}]`),
    "many dependencies that are not there": () => service(`depends_on: [${fill((i) => `s${i}, `)}]`),
    "a chain of dependencies": () => `services:\n${fill((i) => `  s${i}: {image: x, depends_on: [s${i + 1}]}\n`)}`,
    "many documents": () => fill(() => "---\nservices: {a: {image: x}}\n"),
    "many empty documents": () => fill(() => "---\n"),
    "many ends of documents": () => fill(() => "...\n"),
    "many directives": () => fill(() => "%YAML 1.2\n"),
    "many tabs": () => `services:\n${fill(() => "\tweb:\n")}`,
    "many comments": () => fill(() => "# comment\n"),
    "many colons": () => fill(() => "a: b: c: "),
    "many quotes": () => fill(() => '"a" '),
    "many tags": () => `x: [${fill((i) => `!t${i} a, `)}]`,
    "many resets": () =>
      `${service(`labels: {${fill((i) => `k${i}: !reset x, `)}}`)}\n---\nservices: {web: {image: x}}`,
    "long lists to merge": () =>
      `${service(`cap_add: [${fill((i) => `a${i}, `, size / 2)}]`)}\n---\n${service(`cap_add: [${fill((i) => `b${i}, `, size / 2)}]`)}`,
    // variables
    "many variables": () => image(fill((i) => `\${V${i}}`)),
    "variables in variables": () => image(`${steps("${A:-")}}`),
    "variables with braces": () => image(`${steps("${A:-{")}}`),
    "variables with defaults": () => image(steps(`\${A:-x}`)),
    "required variables": () => image(steps(`\${A:?}`)),
    "variables that do not close": () => service(`labels: {${fill((i) => `k${i}: "\${", `)}}`),
    dollars: () => image(steps("$")),
    // extends and include
    "services that extend the next": () => `services:\n${fill((i) => `  s${i}: {extends: s${i + 1}}\n`)}`,
    "services that extend the one before": () =>
      `services:\n  s0: {image: x}\n${fill((i) => `  s${i + 1}: {extends: s${i}}\n`)}`,
    "services that extend a large one": () =>
      `services:\n  b: {image: x, labels: {${fill((i) => `k${i}: v, `, size / 2)}}}\n${fill((i) => `  s${i}: {extends: b}\n`, size / 2)}`,
    "services that extend missing files": () =>
      `services:\n${fill((i) => `  s${i}: {extends: {service: a, file: f${i}.yaml}}\n`)}`,
    "includes of missing files": () => `include: [${fill((i) => `f${i}.yaml, `)}]\n`,
    "a file that includes itself": () => `include: [${fill(() => "compose.yaml, ")}]\n`,
    "paths that leave the project": () =>
      "include: [../../../../../../etc/passwd]\nservices: {a: {image: x, env_file: /proc/self/environ}}",
    // names
    "names of objects": () =>
      "__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\nservices: {__proto__: {image: x, __proto__: {polluted: 1}, environment: {__proto__: a}}, toString: {image: x, extends: {service: __proto__}}}",
    // encodings
    "a NUL byte": () => 'services: {web: {image: "a\0b"}}',
    "byte order marks": () => "\ufeff\ufeffservices: {web: {image: x}}",
  }).map(([name, text]): [string, () => Files] => [name, () => ({ "compose.yaml": text() })]);
  const env = (text: string) => ({ "compose.yaml": service("env_file: a.env"), "a.env": text });
  const several: [string, () => Files][] = [
    ["bytes that are no UTF-8", () => ({ "compose.yaml": Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0xfe) })],
    ["UTF-16", () => ({ "compose.yaml": Buffer.from("\ufeffservices: {}", "utf16le") })],
    ["includes that multiply", () => includeTree(20)],
    [
      "variables that double",
      () => ({ "compose.yaml": service("tty: true"), ".env": `A=aaaaaaaa\n${"A=$A$A\n".repeat(60)}` }),
    ],
    [
      "a long variable, many times",
      () => ({ "compose.yaml": service(`labels: {${fill((i) => `k${i}: $A, `)}}`), ".env": `A=${"x".repeat(size)}` }),
    ],
    ["an env file of one quote", () => env(`A="${steps('\\"')}`)],
    ["an env file of blanks", () => env(`A=a${" ".repeat(size)}b`)],
    ["an env file of variables", () => env(fill((i) => `K${i}=$X${i}\n`))],
    ["an env file of names", () => env(`${"K".repeat(size)}%`)],
    ["an env file of bytes", () => ({ ...env(""), "a.env": Uint8Array.of(0x41, 0x3d, 0xff) })],
  ];
  return new Map([...single, ...several]);
}

/** Files that each include the next one twice. */
function includeTree(depth: number): Files {
  const files = Array.from({ length: depth }, (_, i): [string, string] => [
    i === 0 ? "compose.yaml" : `f${i}.yaml`,
    `include: [f${i + 1}.yaml, f${i + 1}.yaml]\nservices: {s${i}: {image: x}}\n`,
  ]);
  return Object.fromEntries([...files, [`f${depth}.yaml`, "services: {a: {image: x}}"]]);
}
