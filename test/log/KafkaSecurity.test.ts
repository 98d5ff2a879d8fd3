import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes
} from "@platformatic/kafka"
import { Effect, Redacted } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import type { KafkaConnection, KafkaTls } from "../../src/log/kafka/KafkaOptions.ts"
import type { LogError } from "../../src/log/LogError.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { readRange } from "./ArchiveConformance.ts"
import { archiveIn, freshTopic } from "./KafkaFixture.ts"
import { RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const pem = (name: string) =>
  readFileSync(new URL(`../replayer/certificates/${name}`, import.meta.url), "utf8")

const authority = pem("authority.pem")
const server = { certificate: pem("server.pem"), key: pem("server.key"), authority }
const known: KafkaTls = { ca: authority, cert: pem("client.pem"), key: Redacted.make(pem("client.key")) }
const user = { name: "walstream", password: "right-horse" }
const shown = (password: string) =>
  ({ mechanism: "SCRAM-SHA-512", username: user.name, password: Redacted.make(password) }) as const

/** A log that is written, closed, and read back by a process that only reads. */
const works = Effect.fnUntraced(function* (broker: string, connection: Partial<KafkaConnection>) {
  const options = { ...connection, topic: freshTopic() }
  const chunks = new RandomLog({ seed: 51 }).transactions(60).flat()
  yield* Archive.use((archive) =>
    Effect.andThen(archive.beginIncarnation(randomIncarnation()), archive.append(chunks))
  ).pipe(Effect.provide(archiveIn(broker, options), { local: true }))
  yield* Archive.use((archive) =>
    Effect.map(readRange(archive, { seq: 1, ordinal: 0 }, 61), (read) => assertSameLog(read, chunks))
  ).pipe(Effect.provide(archiveIn(broker, { ...options, role: "reader" }), { local: true }))
})

/** Why the archive does not open. */
const refusal = (broker: string, connection: Partial<KafkaConnection>): Effect.Effect<LogError, unknown> =>
  Archive.use((archive) => archive.recover).pipe(
    Effect.provide(archiveIn(broker, { ...connection, topic: freshTopic() }), { local: true }),
    Effect.flip
  )

describeWith("kafka", "a Kafka broker behind TLS", () => {
  it.live(
    "with SCRAM: takes who is right, and says what is wrong",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* makeTestKafka({ user, tls: server })
        yield* works(broker, { tls: { ca: authority }, credentials: shown(user.password) })

        const password = yield* refusal(broker, { tls: { ca: authority }, credentials: shown("wrong-horse") })
        assert.strictEqual(password.reason._tag, "Unsuited")
        assert.include(password.message, "refuses the credentials")
        assert.notInclude(`${password.message} ${password.fix}`, "horse")

        for (const ca of [{ ca: pem("other-authority.pem") }, {}]) {
          const untrusted = yield* refusal(broker, { tls: ca, credentials: shown(user.password) })
          assert.strictEqual(untrusted.reason._tag, "Unsuited")
          assert.include(untrusted.message, "no trusted TLS connection")
          assert.include(untrusted.fix ?? "", "KAFKA_TLS_CA")
        }

        const silent = yield* refusal(broker, {})
        assert.strictEqual(silent.reason._tag, "Unsuited")
        assert.include(silent.message, "the broker speaks TLS on this port, and we do not")
        assert.include(silent.fix ?? "", "KAFKA_TLS")
        // Nobody has looked at this password: the connection was lost before.
        const clear = yield* refusal(broker, { credentials: shown(user.password) })
        assert.notInclude(clear.message, "credentials")
        assert.isTrue(clear.isRetryable)
        assert.include(clear.message, "does it speak TLS on this port")
      }),
    90_000
  )

  it.live(
    "that wants certificates: takes ours, and refuses who has none",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* makeTestKafka({ tls: { ...server, mutual: true } })
        yield* works(broker, { tls: known })
        const nameless = yield* refusal(broker, { tls: { ca: authority } })
        // It only hangs up, as one that dies does: that is tried again.
        assert.isTrue(nameless.isRetryable)
        assert.include(nameless.message, "want a certificate of ours?")
      }),
    90_000
  )

  it.live(
    "is asked for, and the broker speaks in the clear",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* makeTestKafka()
        const clear = yield* refusal(broker, { tls: { ca: authority } })
        assert.isTrue(clear.isRetryable)
        assert.include(clear.message, "does it speak TLS on this port")
      }),
    60_000
  )
})

/** Lets the user do these with all topics of these tests; from the first time on, nothing else. */
const grant = (broker: string, ...operations: ReadonlyArray<keyof typeof AclOperations>) =>
  Effect.promise(async () => {
    const admin = new Admin({
      clientId: "test",
      bootstrapBrokers: [broker],
      sasl: { mechanism: "SCRAM-SHA-512", username: user.name, password: user.password }
    })
    await admin.createAcls({
      creations: operations.map((operation) => ({
        resourceType: ResourceTypes.TOPIC,
        resourceName: "test-",
        resourcePatternType: ResourcePatternTypes.PREFIXED,
        principal: `User:${user.name}`,
        host: "*",
        operation: AclOperations[operation],
        permissionType: AclPermissionTypes.ALLOW
      }))
    })
    await admin.close()
  })

describeWith("kafka", "a Kafka broker that asks for rights", () => {
  it.live(
    "lets us in with those that the error names, and with no more",
    () =>
      Effect.gen(function* () {
        const settings = {
          "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
          "super.users": "User:ANONYMOUS",
          "allow.everyone.if.no.acl.found": "true"
        }
        const { broker } = yield* makeTestKafka({ user, settings })
        const credentials = shown(user.password)
        yield* grant(broker, "DESCRIBE", "READ", "WRITE", "CREATE")
        const refused = yield* refusal(broker, { credentials })
        assert.strictEqual(refused.reason._tag, "Unsuited")
        assert.include(refused.message, "TOPIC_AUTHORIZATION_FAILED")
        assert.include(refused.fix ?? "", "DescribeConfigs")
        yield* grant(broker, "DESCRIBE_CONFIGS")
        yield* works(broker, { credentials })
      }),
    60_000
  )
})
