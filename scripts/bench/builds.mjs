/**
 * The rows of builds: RUN steps and contexts of many files. A cold build is one whose context no engine has seen; each tool
 * builds the same directory, from one end to the other as whole processes.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { image } from "./projects.mjs";

const manyFiles = 10_000;

/** Works on what bench.mjs measures with: `project` makes a folder with a compose file, `measure` adds a row. */
export function builds({ project, measure, runs }) {
  const buildable = (name) => project(name, 'services:\n  app:\n    build: "."\n');
  const repeat = Math.min(runs, 5);

  const steps = buildable("steps");
  writeFileSync(path.join(steps, "Dockerfile"), fiveSteps);
  const seed = (text) => writeFileSync(path.join(steps, "seed"), text);
  const build = (each, cwd) => each.run(["build", "-q"], cwd);
  measure("`build`, ADD and 5 RUN, cold", ["build", "-q"], {
    cwd: steps,
    repeat: runs,
    before: (each, run) => seed(`${process.pid} ${each.name} ${run}\n`),
  });
  measure("`build`, ADD and 5 RUN, cached", ["build", "-q"], {
    cwd: steps,
    first: (each) => {
      seed("still");
      build(each, steps);
    },
  });

  const files = buildable("files");
  writeFileSync(path.join(files, "Dockerfile"), `FROM ${image}\nCOPY . /app\n`);
  // Another name for every run, and not only another content: the engine has not seen the directory.
  measure("`build`, a context of 10,000 files, cold", ["build", "-q"], {
    cwd: files,
    repeat,
    before: (each, run) => writeFiles(files, `${process.pid} ${each.name} ${run}`),
  });
  const standing = {
    cwd: files,
    first: (each) => {
      writeFiles(files, "still");
      build(each, files);
    },
  };
  measure("`build`, 10,000 files, unchanged", ["build", "-q"], standing);
  measure("`build`, 10,000 files, one changed", ["build", "-q"], {
    ...standing,
    repeat,
    before: (each, run) => writeFileSync(path.join(files, "d7", "f7"), `changed for ${each.name} in ${run}\n`),
  });
  rmSync(path.join(files, "Dockerfile"));
}

const fiveSteps = `FROM ${image}
ADD seed /seed
${[1, 2, 3, 4, 5].map((step) => `RUN echo step ${step} > /out${step}`).join("\n")}
`;

/** Files of a few hundred bytes to a few KiB, a hundred in each folder. */
function writeFiles(directory, marker) {
  for (let folder = 0; folder < manyFiles / 100; folder++) {
    const inner = path.join(directory, `d${folder}`);
    mkdirSync(inner, { recursive: true });
    for (let file = 0; file < 100; file++) {
      const text = `${marker}: file ${file} of folder ${folder}\n`;
      writeFileSync(path.join(inner, `f${file}`), text.repeat(4 + ((file * 7) % 40)));
    }
  }
}
