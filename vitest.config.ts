import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/servers/ReportCapabilities.ts"],
    environment: "node",
    pool: "forks",
    maxWorkers: 2,
    // Real servers on shared machines: a wait that ran out gets a second chance, a wrong result never.
    retry: { count: 1, condition: /not within [\d.]+ s|timed? ?out|no answer within/iu },
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
