import { Effect, type Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { marker } from "./Markers.ts"
import type { Platform } from "./Scenario.ts"

const script = (url: Redacted.Redacted, sql: string) =>
  Effect.scoped(Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(sql)))

/** How a target may reject a row whose `word` it dislikes; PostgreSQL's own message quotes it each time. */
const dislikes: Readonly<Record<string, (table: string, word: string) => string>> = {
  checked: (table) => `ALTER TABLE ${table} ADD CHECK (word = 'nothing else')`,
  taken: (table, word) =>
    `ALTER TABLE ${table} ADD UNIQUE (word); INSERT INTO ${table} VALUES ('other', '${word}')`,
  number: (table) => `ALTER TABLE ${table} ALTER word TYPE integer USING NULL`,
  day: (table) => `ALTER TABLE ${table} ALTER word TYPE date USING NULL`,
  document: (table) => `ALTER TABLE ${table} ALTER word TYPE jsonb USING NULL`,
  parted: (table) => `
    DROP TABLE ${table};
    CREATE TABLE ${table} (id text, word text, PRIMARY KEY (id, word)) PARTITION BY LIST (word)`,
  raised: (table) => `
    CREATE FUNCTION public.raised() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'no % here', NEW.word; END $$;
    CREATE TRIGGER raised BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION public.raised();
    ALTER TABLE ${table} ENABLE ALWAYS TRIGGER raised`,
  // The message is of a class whose messages name objects only, and this object is a value.
  named: (table) => `
    CREATE FUNCTION public.named() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN EXECUTE format('TRUNCATE %I', NEW.word); RETURN NEW; END $$;
    CREATE TRIGGER named BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION public.named();
    ALTER TABLE ${table} ENABLE ALWAYS TRIGGER named`
}

/** Tables of which the target `strict` takes no row. */
export const disliked = Object.keys(dislikes)

/** Makes the tables, in source and targets alike. */
export const markedTables = (url: Redacted.Redacted) =>
  script(
    url,
    `CREATE TABLE public.marked (id text PRIMARY KEY, word text, doc jsonb, words text[]);
     ALTER TABLE public.marked REPLICA IDENTITY FULL;
     ${disliked.map((name) => `CREATE TABLE public.${name} (id text PRIMARY KEY, word text)`).join(";")}`
  )

/** Rows full of markers, inserted, updated, moved and deleted at the source; the markers that stay in rows, and all. */
export const writeMarkedRows = Effect.fnUntraced(function* (platform: Platform) {
  const m = (about: string) => marker(`cell-${about}`)
  const kept = [m("id"), m("word"), m("doc"), m("words")] as const
  const gone = [m("old-id"), m("old-word"), m("old-doc"), m("deleted-id"), m("deleted-word")] as const
  const words = new Map(disliked.map((name) => [name, m(name)]))
  const strict = platform.targetUrls.get("strict") ?? platform.targetUrl
  for (const [name, word] of words) yield* script(strict, dislikes[name]?.(`public.${name}`, word) ?? "")
  yield* script(
    platform.sourceUrl,
    `INSERT INTO public.marked (id, word, doc) VALUES ('${gone[0]}', '${gone[1]}', '{"a": "${gone[2]}"}'), ('${gone[3]}', '${gone[4]}', NULL);
     UPDATE public.marked SET id = '${kept[0]}', word = '${kept[1]}', doc = '{"${kept[2]}": 1}', words = ARRAY['${kept[3]}']
       WHERE id = '${gone[0]}';
     DELETE FROM public.marked WHERE id = '${gone[3]}'`
  )
  for (const [name, word] of words) {
    yield* script(
      platform.sourceUrl,
      `INSERT INTO public.${name} VALUES ('${m(`key-of-${name}`)}', '${word}')`
    )
  }
  return { kept, all: [...kept, ...gone, ...words.values()] }
})
