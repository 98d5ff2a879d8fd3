import { Effect, Layer } from "effect"
import { LiveBufferRedis } from "../../src/log/LiveBufferRedis.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { redisUrlOfSuite } from "../servers/TestRedis.ts"
import { type BufferLimits, liveBufferConformance } from "./LiveBufferConformance.ts"

describeWith("redis", "a real Redis", () => {
  const url = redisUrlOfSuite()
  const fresh = ({ maxChanges, maxBytes }: BufferLimits) =>
    Layer.suspend(() =>
      LiveBufferRedis.layer({
        url: url(),
        key: `events:${crypto.randomUUID()}`,
        source: "shop",
        history: Effect.succeed("a history"),
        maxChanges,
        maxBytes
      })
    )
  liveBufferConformance("LiveBufferRedis", fresh)
})
