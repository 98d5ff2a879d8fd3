import type { Command } from "./Documents.ts"

interface Reason {
  readonly page: string
  /** How the command begins. */
  readonly starts: string
  /** Why it is not run here, and what shows it instead. */
  readonly why: string
}

const elsewhere = "run word for word by test/control/ApiExamples.test.ts"
const containers = "needs a container engine; what can be checked without one is (test/main/Compose.test.ts)"
const redis = "needs Redis; the same keys are deleted and evicted in test/log/LiveBufferRedisFaults.test.ts"
const standby = "needs a standby: test/ingest/Failover.test.ts"

/** Every command of the documentation that is not run by `Commands.test.ts`. One that matches nothing fails the test, too. */
export const notRun: ReadonlyArray<Reason> = [
  { page: "docs/api.md", starts: "", why: elsewhere },
  { page: "docs/live.md", starts: "", why: elsewhere },
  {
    page: "README.md",
    starts: "npm install && npm start",
    why: "installs, and runs these tests; the demo is run below"
  },
  {
    page: "README.md",
    starts: "SOURCE_URL=",
    why: "the reader's own addresses: test/faults/Debian15.test.ts"
  },
  { page: "README.md", starts: "pip install", why: "needs Kafka: test/platform/PythonConsumer.test.ts" },
  { page: "README.md", starts: "npm run check", why: "the repository's own work, these tests among it" },
  { page: "docs/deployment.md", starts: "cat > .env", why: containers },
  { page: "docs/monitoring.md", starts: "mkdir -p monitoring/secrets", why: containers },
  { page: "docs/monitoring.md", starts: "docker compose exec", why: containers },
  {
    page: "docs/monitoring.md",
    starts: "npx walstream login",
    why: "asks for a password in a terminal: test/main/cli/Login.test.ts"
  },
  {
    page: "docs/grpc.md",
    starts: "grpcurl",
    why: "needs grpcurl; the same calls by reflection: test/replayer/ReplayerServer.test.ts"
  },
  { page: "docs/recovery.md", starts: "SELECT pg_promote()", why: standby },
  { page: "docs/runbooks/RedisStreamNearCapacity.md", starts: "redis-cli", why: redis },
  { page: "docs/runbooks/RedisStreamNearCapacity.md", starts: "DEL", why: redis }
]

export const reasonOf = ({ page, text }: Command): Reason | undefined =>
  notRun.find((reason) => reason.page === page && text.startsWith(reason.starts))

/** Pieces of programs, by page and first line: what shows that they do what they say. */
export const programs: ReadonlyArray<Reason> = [
  {
    page: "docs/actors.md",
    starts: "import { Effect }",
    why: "the kit's own tests: test/runtime/Actor.test.ts"
  },
  { page: "docs/actors.md", starts: "const reader", why: "the kit's own tests: test/runtime/Actor.test.ts" },
  {
    page: "docs/kafka.md",
    starts: "const rows",
    why: "the same consumer in Python: test/platform/PythonConsumer.test.ts"
  },
  {
    page: "docs/redis.md",
    starts: "import json, redis",
    why: "entries and books: test/log/StreamLedger.test.ts"
  }
]
