import { defineConfig } from "vitest/config";

/** `npm run test:slow`: what needs root, the network and minutes. */
export default defineConfig({
  test: {
    include: ["test/slow/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
