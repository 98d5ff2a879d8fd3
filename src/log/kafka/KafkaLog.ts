import type { Position } from "../../domain/Position.ts"
import type { KafkaArchiveOptions } from "./KafkaOptions.ts"
import type { LogState } from "./LogState.ts"
import type { MetaReader } from "./MetaReader.ts"
import { PartitionReader } from "./PartitionReader.ts"
import type { Place } from "./Place.ts"

/** One archive in this process: what all its parts share. */
export interface KafkaLog {
  readonly options: KafkaArchiveOptions
  readonly state: LogState
  readonly meta: MetaReader
}

/** A reader of the log from a place on; `expected` is not before it. To be closed. */
export const readFrom = ({ options, state }: KafkaLog, place: Place, expected: Position): PartitionReader =>
  new PartitionReader(
    {
      connection: options,
      topic: options.topic,
      source: options.source,
      partitions: () => state.partitions,
      incarnationOf: state.meta.incarnationOf,
      met: state.met
    },
    place.offsets,
    expected
  )

export const positionAfter = (place: Place): Position => ({ seq: place.seq + 1, ordinal: 0 })
