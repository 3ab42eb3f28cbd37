import { defineConfig } from "vitest/config";

/** Tests that need an engine (and root, to have one); the others need nothing but this repository. */
const engineTests = [
  "test/scenarios/**/*.test.ts",
  "test/engine/{build,contract,transport}.test.ts",
  "test/engine/**/*.engine.test.ts",
  "test/network/**/*.engine.test.ts",
  "test/reconcile/execute.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...engineTests, "test/slow/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "engine",
          include: engineTests,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
