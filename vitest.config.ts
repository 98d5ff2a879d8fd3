import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/servers/ReportCapabilities.ts"],
    environment: "node",
    pool: "forks",
    maxWorkers: 2,
    // Real servers on shared machines: once more, and the report names what needed it.
    retry: 1,
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
