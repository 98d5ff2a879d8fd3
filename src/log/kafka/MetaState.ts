import type { Incarnation, Mark } from "../../domain/Log.ts"
import type { Relation } from "../../domain/Relation.ts"
import { toIncarnation, toMark, toPlace, toRelation } from "./MetaCodec.ts"
import { decodeMeta } from "./MetaEntries.ts"
import type { PartitionEpoch } from "./Partitioner.ts"
import { type Place, PlaceList } from "./Place.ts"

/** A mark and where the log ended when it was written. */
export interface StoredMark {
  readonly mark: Mark
  readonly place: Place
}

const isNewer = (mark: Mark, than: Mark | undefined): boolean =>
  than === undefined ||
  mark.incarnation > than.incarnation ||
  (mark.incarnation === than.incarnation &&
    (mark.seq > than.seq || (mark.seq === than.seq && mark.endLsn >= than.endLsn)))

/** What the meta topic says. Takes entries in any order and repeated: a writer that woke up late takes nothing back. */
export class MetaState {
  source: string | null = null
  stored: StoredMark | null = null
  readonly incarnations: Array<Incarnation> = []
  readonly relations = new Map<string, Relation>()
  readonly epochs: Array<PartitionEpoch> = []
  /** Those up to the log's end as this process knows it. */
  readonly places = new PlaceList()
  /** Places that were read and are not in the list yet. */
  arrived: Array<Place> = []
  /** Entries that are none of ours, or damaged. */
  foreign = 0

  /** The text of one record. */
  take(text: string): void {
    const entry = decodeMeta(text)
    switch (entry?._tag) {
      case undefined:
        this.foreign++
        return
      case "source":
        this.source ??= entry.source
        return
      case "mark": {
        const mark = toMark(entry)
        if (isNewer(mark, this.stored?.mark)) this.stored = { mark, place: toPlace(entry.place) }
        return
      }
      case "incarnation":
        this.begin(toIncarnation(entry))
        return
      case "relation": {
        const relation = toRelation(entry)
        if (relation === undefined) this.foreign++
        else this.relations.set(relation.fingerprint, relation)
        return
      }
      case "partitions":
        this.spread({ fromSeq: entry.from_seq, partitions: entry.partitions })
        return
      case "place":
        this.arrived.push(toPlace(entry.place))
    }
  }

  begin(incarnation: Incarnation): void {
    if (this.incarnations.some(({ number }) => number === incarnation.number)) return
    this.incarnations.push(incarnation)
    this.incarnations.sort((a, b) => a.number - b.number)
  }

  spread(epoch: PartitionEpoch): void {
    if (this.epochs.some(({ fromSeq }) => fromSeq === epoch.fromSeq)) return
    this.epochs.push(epoch)
    this.epochs.sort((a, b) => a.fromSeq - b.fromSeq)
  }

  /** The life of the source that a transaction belongs to; 0 before the first. */
  readonly incarnationOf = (seq: number): number => {
    for (let i = this.incarnations.length - 1; i >= 0; i--) {
      const incarnation = this.incarnations[i]
      if (incarnation !== undefined && incarnation.firstSeq <= seq) return incarnation.number
    }
    return 0
  }

  get partitions(): number {
    return this.epochs.at(-1)?.partitions ?? 0
  }
}
