import { Effect } from "effect"
import type { PgSession } from "../../../src/postgres/PgSession.ts"
import type { Dice } from "../../log/Dice.ts"

/** Tables of every kind that applying treats in its own way. */
export const shapes = `
CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE public.pair AS (a int, b text);
CREATE DOMAIN public.small AS int CHECK (VALUE < 100000);
CREATE COLLATION public.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TABLE public.plain (id int PRIMARY KEY, big text, note text, n numeric(12,3));
ALTER TABLE public.plain ALTER big SET STORAGE EXTERNAL;
CREATE TABLE public.composite_key (a text, b numeric, v text, big text, PRIMARY KEY (a, b));
ALTER TABLE public.composite_key ALTER big SET STORAGE EXTERNAL;
CREATE TABLE public.keyless (a int, b numeric, c json, d float8, e text);
ALTER TABLE public.keyless REPLICA IDENTITY FULL;
CREATE TABLE public.full_with_key (id int PRIMARY KEY, big text, v jsonb);
ALTER TABLE public.full_with_key ALTER big SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;
CREATE TABLE public.always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, twice text GENERATED ALWAYS AS (v || v) STORED);
CREATE TABLE public.counted (k text PRIMARY KEY, id int GENERATED ALWAYS AS IDENTITY, v text, big text);
ALTER TABLE public.counted ALTER big SET STORAGE EXTERNAL;
CREATE TABLE public.swapped (id int PRIMARY KEY, u int UNIQUE DEFERRABLE, w int UNIQUE, v text);
CREATE TABLE public.parted (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE public.parted_a PARTITION OF public.parted FOR VALUES IN ('a', 'b');
CREATE TABLE public.parted_rest PARTITION OF public.parted DEFAULT;
CREATE TABLE public.parent (id int PRIMARY KEY, v text);
CREATE TABLE public.child (id int PRIMARY KEY, parent int REFERENCES public.parent ON DELETE CASCADE ON UPDATE CASCADE, v text);
CREATE TABLE public.strict_child (id int PRIMARY KEY, parent int REFERENCES public.parent DEFERRABLE INITIALLY DEFERRED, v text);
CREATE TABLE public.typed (id public.small PRIMARY KEY, m public.mood, p public.pair, ps public.pair[], i int[], t text[], b bytea, r int4range, ts timestamptz, iv interval, bx box[]);
CREATE TABLE public.by_index (a text NOT NULL, b int NOT NULL, v text);
CREATE UNIQUE INDEX by_index_key ON public.by_index (a, b);
ALTER TABLE public.by_index REPLICA IDENTITY USING INDEX by_index_key;
CREATE TABLE public.odd_key (k interval PRIMARY KEY, v text);
CREATE TABLE public.nocase_key (k text COLLATE public.nocase PRIMARY KEY, v text);
CREATE TABLE public.only_key (a int, b date, PRIMARY KEY (a, b));
CREATE TABLE public."Odd ""Name" ("Id x" int PRIMARY KEY, "v""v" text);
CREATE TABLE public.excluding (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&));
`

const texts = ["", "a", "NULL", "null", "{}", '"', "\\", "\\N", "a\tb\nc\rd", "é😀", "'", "x,y", " ", "\\."]

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** One random statement. Some fail at the source: then they are rolled back to a savepoint. */
const statement = (dice: Dice): string => {
  const int = (limit: number) => String(dice.below(limit))
  const text = () => (dice.oneIn(6) ? "NULL" : literal(dice.pick(texts)))
  const big = () => (dice.oneIn(4) ? text() : `repeat(md5('${dice.below(1000)}'), 100)`)
  const key = () => literal(dice.pick(["a", "b", "A", "c ", "\\", ""]))
  const number = () => dice.pick(["1", "1.0", "1.00", "-2.50", "1e3", "0", "'NaN'", "'Infinity'"])
  const change = (table: string, set: string, where: string) =>
    `UPDATE public.${table} SET ${set} WHERE ${where}`
  const remove = (table: string, where: string) => `DELETE FROM public.${table} WHERE ${where}`
  const options: ReadonlyArray<() => string> = [
    () => `INSERT INTO public.plain VALUES (${int(30)}, ${big()}, ${text()}, ${int(9)}.5)`,
    () =>
      `INSERT INTO public.plain SELECT g, repeat('${int(9)}', 3000), 'bulk', g FROM generate_series(${int(20)}, 25) g ON CONFLICT (id) DO UPDATE SET n = 7`,
    () => change("plain", `note = ${text()}`, `id % 3 = ${int(3)}`),
    () => change("plain", `big = ${big()}`, `id = ${int(30)}`),
    () => change("plain", `id = id + 100, n = ${int(9)}`, `id = ${int(30)}`),
    () => change("plain", `id = id - 100`, `id >= 100`),
    () => remove("plain", `id % 7 = ${int(7)}`),
    () =>
      `INSERT INTO public.composite_key VALUES (${key()}, ${number()}, ${text()}, ${big()}) ON CONFLICT DO NOTHING`,
    () => change("composite_key", `v = ${text()}`, `a = ${key()}`),
    () => change("composite_key", `b = ${number()}`, `a = ${key()} AND b = ${number()}`),
    () => remove("composite_key", `b = ${number()}`),
    () =>
      `INSERT INTO public.keyless VALUES (${int(3)}, ${number()}, '{"a":${int(3)}}', ${number()}::float8, ${text()})`,
    () => `INSERT INTO public.keyless SELECT a, b, c, d, e FROM public.keyless LIMIT 2`,
    () =>
      change(
        "keyless",
        `e = ${text()}, b = b + 1`,
        `ctid IN (SELECT ctid FROM public.keyless LIMIT ${int(4)})`
      ),
    () => remove("keyless", `ctid IN (SELECT ctid FROM public.keyless LIMIT ${int(2)})`),
    () => `INSERT INTO public.full_with_key VALUES (${int(10)}, ${big()}, '{"b":1, "a": ${int(4)}}')`,
    () => change("full_with_key", `v = '[${int(9)}]'`, "true"),
    () => change("full_with_key", `id = id + 1`, `id = (SELECT max(id) FROM public.full_with_key)`),
    () => remove("full_with_key", `id = ${int(10)}`),
    () => `INSERT INTO public.always (v) VALUES (${text()}), (${text()})`,
    () => change("always", `v = ${text()}`, `id % 5 = ${int(5)}`),
    () => remove("always", `id % 11 = ${int(11)}`),
    () => `INSERT INTO public.counted (k, v, big) VALUES (${key()}, ${text()}, ${big()})`,
    () => change("counted", `v = ${text()}`, "true"),
    () => change("counted", `k = k || 'x'`, `k = ${key()} AND length(k) < 5`),
    () => remove("counted", `k = ${key()}`),
    () => `INSERT INTO public.swapped VALUES (${int(8)}, ${int(8)}, ${int(20)}, ${text()})`,
    () => "SET CONSTRAINTS ALL DEFERRED; UPDATE public.swapped SET u = 7 - u",
    () => "UPDATE public.swapped SET w = w + 1000; UPDATE public.swapped SET w = 1019 - (w - 1000)",
    () => remove("swapped", `id = ${int(8)}`),
    () => `INSERT INTO public.parted VALUES (${int(9)}, ${literal(dice.pick(["a", "b", "z"]))}, ${text()})`,
    () => change("parted", `region = ${literal(dice.pick(["a", "z"]))}`, `id = ${int(9)}`),
    () => change("parted", `v = ${text()}`, `id = ${int(9)}`),
    () => `INSERT INTO public.parent VALUES (${int(9)}, ${text()}) ON CONFLICT DO NOTHING`,
    () => `INSERT INTO public.child VALUES (${int(20)}, ${int(9)}, ${text()})`,
    () => `INSERT INTO public.strict_child VALUES (${int(20)}, ${int(9)}, ${text()})`,
    () => remove("parent", `id = ${int(9)}`),
    () => change("parent", `id = id + 20`, `id = ${int(9)}`),
    () => remove("strict_child", `id % 4 = ${int(4)}`),
    () =>
      `INSERT INTO public.typed VALUES (${int(20)}, ${literal(dice.pick(["sad", 'it\'s "fine"']))}, ROW(${int(5)}, ${text()}), ARRAY[ROW(1, ${text()})::public.pair, NULL], '[2:3]={1,2}', ARRAY[${text()}, ${text()}]::text[], '\\x00ff5c22', '[1,5)', now(), '1 mon -2 days', '{(1,2,3,4);(5,6,7,8)}')`,
    () =>
      change(
        "typed",
        `t = ARRAY[${text()}], p = NULL, i = '{{1,2},{3,4}}', iv = '${int(9)} hours'`,
        `id = ${int(20)}`
      ),
    () => `INSERT INTO public.by_index VALUES (${key()}, ${int(4)}, ${text()})`,
    () => change("by_index", `v = ${text()}, b = b + ${int(2)}`, `a = ${key()} AND b = ${int(4)}`),
    () => remove("by_index", `a = ${key()}`),
    () =>
      `INSERT INTO public.odd_key VALUES (${dice.pick(["'1 mon'", "'30 days'", "'1 day'", "'24 hours'"])}, ${text()})`,
    () =>
      change("odd_key", `k = ${dice.pick(["'30 days'", "'1 mon'"])}::interval, v = ${text()}`, `k = '1 mon'`),
    () => remove("odd_key", `k = '24 hours'`),
    () => `INSERT INTO public.nocase_key VALUES (${key()}, ${text()})`,
    () => change("nocase_key", `k = upper(k), v = ${text()}`, `k = ${key()}`),
    () => remove("nocase_key", `k = ${key()}`),
    () => `INSERT INTO public.only_key VALUES (${int(5)}, '2026-01-0${1 + dice.below(3)}')`,
    () => change("only_key", `a = a + 1`, `a = ${int(5)}`),
    () => change("only_key", `b = b`, "true"),
    () => `INSERT INTO public."Odd ""Name" VALUES (${int(9)}, ${text()})`,
    () => `UPDATE public."Odd ""Name" SET "v""v" = ${text()}`,
    () => `INSERT INTO public.excluding VALUES (${int(9)}, int4range(${int(9)}, ${int(5)} + 9))`,
    () => change("excluding", "r = int4range(lower(r) + 40, upper(r) + 40)", `id = ${int(9)}`),
    () => remove("excluding", `id = ${int(9)}`),
    () =>
      dice.oneIn(6)
        ? `TRUNCATE ${dice.pick(["public.plain", "public.parent, public.child, public.strict_child", "public.keyless, public.always RESTART IDENTITY", "public.parent CASCADE", "public.parted"])}`
        : `SELECT 1`,
    () => `SELECT pg_logical_emit_message(true, 'note', ${literal(dice.pick(texts))})`
  ]
  return dice.pick(options)()
}

/** Tables that can only be applied row by row, and make all of a batch so. */
export const rowByRowTables = /keyless|counted|odd_key|nocase_key|excluding/u

/** Random transactions; what fails is undone, a few are rolled back, some are prepared to fail at COMMIT. */
export const randomWork = Effect.fnUntraced(function* (
  source: PgSession,
  dice: Dice,
  transactions: number,
  avoid: RegExp
) {
  for (let i = 0; i < transactions; i++) {
    yield* source.script("BEGIN")
    const size = dice.oneIn(8) ? 30 : 1 + dice.below(5)
    for (let j = 0; j < size; j++) {
      yield* source.script("SAVEPOINT s")
      let sql = statement(dice)
      while (avoid.test(sql)) sql = statement(dice)
      yield* source.script(sql).pipe(Effect.catch(() => source.script("ROLLBACK TO s")))
    }
    yield* source
      .script(dice.oneIn(15) ? "ROLLBACK" : "COMMIT")
      .pipe(Effect.catch(() => source.script("ROLLBACK")))
  }
})
