import { Effect } from "effect"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { makeTestKafka, type TestKafka } from "./TestKafka.ts"

/** Brokers that are controllers as well: with two of three away there is no majority, and no leader is elected. */
export interface TestKafkaCluster {
  /** `host:port` of all of them. */
  readonly brokers: ReadonlyArray<string>
  /** Ids are 1, 2, 3. */
  readonly node: (id: number) => TestKafka
}

const ids = [1, 2, 3]

/** Of the internal topics, so that any of the three may go. */
const replicated = {
  "offsets.topic.replication.factor": "3",
  "transaction.state.log.replication.factor": "3",
  "transaction.state.log.min.isr": "2",
  // Leaders stay where an election has put them.
  "auto.leader.rebalance.enable": "false",
  "controller.quorum.election.timeout.ms": "500",
  "controller.quorum.fetch.timeout.ms": "1000"
}

/** Starts three, about 6 s and 1.1 GB on two cores; they end, and their data are removed, with the scope. */
export const makeTestKafkaCluster = Effect.gen(function* () {
  const all = new Map<number, { readonly client: number; readonly controller: number }>()
  for (const id of ids) all.set(id, yield* Effect.all({ client: freePort, controller: freePort }))
  const nodes = new Map(
    yield* Effect.forEach(
      ids,
      (id) =>
        Effect.map(makeTestKafka({ node: { id, all }, settings: replicated }), (node) => [id, node] as const),
      { concurrency: "unbounded" }
    )
  )
  const cluster: TestKafkaCluster = {
    brokers: [...nodes.values()].map(({ broker }) => broker),
    node: (id) => {
      const node = nodes.get(id)
      if (node === undefined) throw new Error(`the cluster has no node ${id}`)
      return node
    }
  }
  return cluster
})
