import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { digestOf } from "./Digest.ts"
import { newRecoveryCode, plainCode, recoveryCodeCount } from "./RecoveryCode.ts"
import { makeSecretSeal } from "./SecretSeal.ts"
import type { TokenOptions } from "./Tokens.ts"
import { stepOfCode } from "./Totp.ts"
import { type UsersError, usersError } from "./UsersError.ts"

/** RFC 4226 advises as many. */
const secretBytes = 20

/** Wrong codes in a row that cost nothing but themselves. */
const freeFailures = 5
const longestSeconds = 3600

/**
 * Seconds after the last of so many wrong codes in a row until another is looked at, wherever from: the password was right each time, so
 * nobody keeps a stranger out by it. At most 24 guesses a day, of three codes in a million.
 */
export const secondsAfter = (failures: number): number =>
  failures < freeFailures ? 0 : Math.min(longestSeconds, 2 ** (failures - freeFailures))

/** What lets nobody in. `waitSeconds`: until a code is looked at again; 0 where this one was. */
export interface BadProof {
  readonly isGood: false
  readonly why: "missing" | "wrong"
  readonly waitSeconds: number
}

/** What a login shows beside the password: `none` where nothing is asked for. */
export type Proof = BadProof | { readonly isGood: true; readonly by: "none" | "code" | "recovery code" }

const decodeRows = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      sealed: Schema.String,
      lastStep: Schema.Finite,
      failures: Schema.Int,
      /** Null where there was none. */
      sinceFailure: Schema.NullOr(Schema.Finite)
    })
  )
)
const decodeStates = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ isOn: Schema.Boolean, left: Schema.Int }))
)

/** What people show beside their password: a code of an app, or in its place one of those that they keep for its loss. */
export class SecondFactors extends Context.Service<
  SecondFactors,
  {
    readonly stateOf: (
      userId: string
    ) => Effect.Effect<{ readonly isOn: boolean; readonly left: number }, UsersError>
    /** A secret that is asked for once it is confirmed, in place of one that was not. Null where there is a confirmed one. */
    readonly begin: (userId: string) => Effect.Effect<Uint8Array | null, UsersError>
    /** The recovery codes, which are nowhere else. Null for a wrong code, and where nothing was begun. */
    readonly confirm: (
      userId: string,
      code: string
    ) => Effect.Effect<ReadonlyArray<string> | null, UsersError>
    /** Uses the code up. Failures are counted, so what it is part of has to commit whatever it says. */
    readonly take: (userId: string, code: string | undefined) => Effect.Effect<Proof, UsersError>
    /** Whether there was one. */
    readonly remove: (userId: string) => Effect.Effect<boolean, UsersError>
  }
>()("walstream/control/auth/SecondFactors") {
  static readonly layer = ({
    secret: installation,
    former = []
  }: Pick<TokenOptions, "secret" | "former">): Layer.Layer<SecondFactors, never, PgClient.PgClient> =>
    Layer.effect(
      SecondFactors,
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { seal, open } = makeSecretSeal(installation, former)

        const held = Effect.fnUntraced(function* (userId: string, isConfirmed: boolean) {
          const rows = yield* sql`SELECT sealed_secret AS sealed, last_step::float8 AS "lastStep", failures,
              extract(epoch FROM clock_timestamp() - failed_at)::float8 AS "sinceFailure"
            FROM second_factors
            WHERE user_id::text = ${userId} AND (confirmed_at IS NOT NULL) = ${isConfirmed} FOR UPDATE`
          const [row] = yield* Effect.orDie(decodeRows(rows))
          return row ?? null
        })

        /** Under the newest key, whichever it was under. */
        const noteStep = (userId: string, secret: Uint8Array, step: number) =>
          sql`UPDATE second_factors SET last_step = ${step}, failures = 0, sealed_secret = ${seal(secret, userId)},
            confirmed_at = coalesce(confirmed_at, clock_timestamp()) WHERE user_id::text = ${userId}`

        const isRecoveryCode = (userId: string, code: string) =>
          Effect.map(
            sql`DELETE FROM recovery_codes WHERE user_id::text = ${userId} AND digest = ${digestOf(code)} RETURNING 1 AS one`,
            (rows) => rows.length > 0
          )

        const wrong = (waitSeconds = 0): Proof => ({ isGood: false, why: "wrong", waitSeconds })

        const take = Effect.fnUntraced(function* (userId: string, given: string | undefined) {
          const row = yield* held(userId, true)
          if (row === null) return { isGood: true, by: "none" } satisfies Proof
          if (given === undefined) return { isGood: false, why: "missing", waitSeconds: 0 } satisfies Proof
          const code = plainCode(given)
          // It cannot be guessed, and lets its owner in whatever somebody else has tried.
          if (yield* isRecoveryCode(userId, code))
            return { isGood: true, by: "recovery code" } satisfies Proof
          const wait = secondsAfter(row.failures) - (row.sinceFailure ?? Number.POSITIVE_INFINITY)
          if (wait > 0) return wrong(Math.ceil(wait))
          const secret = open(row.sealed, userId)
          if (secret === null) {
            yield* Effect.logWarning(
              "a second factor was sealed under a key that is neither SECRET_KEY nor one of SECRET_KEYS_FORMER: an admin may remove it"
            )
          }
          const now = yield* Clock.currentTimeMillis
          const step = secret === null ? null : stepOfCode(secret, code, now, row.lastStep)
          if (secret === null || step === null) {
            yield* sql`UPDATE second_factors SET failures = failures + 1, failed_at = clock_timestamp()
              WHERE user_id::text = ${userId}`
            return wrong()
          }
          yield* noteStep(userId, secret, step)
          return { isGood: true, by: "code" } satisfies Proof
        })

        const confirm = Effect.fnUntraced(function* (userId: string, given: string) {
          const row = yield* held(userId, false)
          const secret = row === null ? null : open(row.sealed, userId)
          if (row === null || secret === null) return null
          const step = stepOfCode(secret, plainCode(given), yield* Clock.currentTimeMillis, row.lastStep)
          if (step === null) return null
          yield* noteStep(userId, secret, step)
          const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode)
          const digests = codes.map((code) => digestOf(plainCode(code))).join(" ")
          yield* sql`INSERT INTO recovery_codes (user_id, digest)
            SELECT ${userId}::uuid, unnest(string_to_array(${digests}, ' '))`
          return codes
        })

        const together = <A>(work: Effect.Effect<A, SqlError>) =>
          sql
            .withTransaction(work)
            .pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error))))

        return SecondFactors.of({
          stateOf: (userId) =>
            sql`SELECT f.confirmed_at IS NOT NULL AS "isOn",
                (SELECT count(*)::int FROM recovery_codes r WHERE r.user_id = f.user_id) AS left
              FROM second_factors f WHERE f.user_id::text = ${userId}`.pipe(
              Effect.mapError(usersError),
              Effect.flatMap((rows) => Effect.orDie(decodeStates(rows))),
              Effect.map(([state]) => state ?? { isOn: false, left: 0 })
            ),
          begin: (userId) =>
            Effect.suspend(() => {
              const secret = randomBytes(secretBytes)
              return sql`INSERT INTO second_factors AS f (user_id, sealed_secret)
                VALUES (${userId}::uuid, ${seal(secret, userId)})
                ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret
                WHERE f.confirmed_at IS NULL RETURNING 1 AS one`.pipe(
                Effect.mapBoth({
                  onFailure: usersError,
                  onSuccess: (rows) => (rows.length === 0 ? null : secret)
                })
              )
            }),
          confirm: (userId, code) => together(confirm(userId, code)),
          take: (userId, code) => together(take(userId, code)),
          remove: (userId) =>
            sql`DELETE FROM second_factors WHERE user_id::text = ${userId} RETURNING confirmed_at IS NOT NULL AS "isOn"`.pipe(
              Effect.mapBoth({
                onFailure: usersError,
                onSuccess: ([row]) => row?.["isOn"] === true
              })
            )
        })
      })
    )
}
