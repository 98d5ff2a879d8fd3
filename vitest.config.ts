import solid from "vite-plugin-solid"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    globalSetup: ["test/servers/ReportCapabilities.ts"],
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/ui/**"],
          environment: "node",
          pool: "forks",
          // Real servers on shared machines: a wait that ran out gets a second chance, a wrong result never.
          retry: { count: 1, condition: /not within [\d.]+ s|timed? ?out|no answer within/iu },
          testTimeout: 30_000,
          hookTimeout: 60_000
        }
      },
      {
        plugins: [solid()],
        test: {
          name: "ui",
          include: ["test/ui/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          // One document for all files of a worker: making it costs more than most of them run.
          isolate: false
        }
      }
    ]
  }
})
