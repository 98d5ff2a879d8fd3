/** Values of megabytes, compressed and not, left alone by some updates and replaced by others. */
export const bigTables: ReadonlyArray<string> = [
  `CREATE TABLE fidelity.big (
     id int PRIMARY KEY, t text, b bytea, j jsonb, js json, a text[], x xml, n numeric, vb varbit, tv tsvector,
     p fidelity.person, note text)`,
  `CREATE TABLE fidelity.big_plain (LIKE fidelity.big)`,
  ...["t", "b", "j", "js", "a", "x"].map(
    (column) => `ALTER TABLE fidelity.big_plain ALTER COLUMN ${column} SET STORAGE EXTERNAL`
  ),
  `ALTER TABLE fidelity.big_plain ADD PRIMARY KEY (id)`,
  `CREATE TABLE fidelity.big_full (id int, t text, b bytea, j jsonb, note text)`,
  `ALTER TABLE fidelity.big_full REPLICA IDENTITY FULL`
]

const words = (salt: string, count: number) =>
  `(SELECT string_agg(md5('${salt}' || g), ' ') FROM generate_series(1, ${count}) g)`

/** With scale 10 the text has 3 MB and the row 12; with 1 it is still out of line everywhere. */
const row = (id: number, salt: string, scale: number) => `
  SELECT ${id}, ${words(salt, 9000 * scale)} || E'\\u00e9', decode(repeat(md5('${salt}'), ${6000 * scale}), 'hex'),
    (SELECT jsonb_object_agg(md5('${salt}' || g), g) FROM generate_series(1, ${3000 * scale}) g),
    to_json(${words(salt, 3000 * scale)}),
    (SELECT array_agg(CASE WHEN g % 7 = 0 THEN NULL WHEN g % 11 = 0 THEN '' ELSE md5('${salt}' || g) END)
       FROM generate_series(1, ${3000 * scale}) g),
    xmlparse(content '<a>' || repeat('${salt}&amp;', ${10_000 * scale}) || '</a>'),
    (repeat('1234567890', ${1300 * scale}) || '.' || repeat('7', ${1600 * scale}))::numeric,
    repeat('10', ${50_000 * scale})::varbit,
    (SELECT string_agg(substr(md5('${salt}' || g), 1, 8) || ':' || g, ' ')
       FROM generate_series(1, ${1600 * scale}) g)::tsvector,
    ROW(repeat('n"', ${20_000 * scale}), NULL, 'ok', decode(repeat('00', ${10_000 * scale}), 'hex'))::fidelity.person,
    'made'`

/** Each is a transaction. */
export const bigChanges: ReadonlyArray<string> = [
  ...["big", "big_plain"].flatMap((name) => [
    `INSERT INTO fidelity.${name} ${row(1, "s1", 10)}`,
    ...[2, 3, 4].map((id) => `INSERT INTO fidelity.${name} ${row(id, `s${id}`, 1)}`),
    // Every large value untouched, in a row touched several times in one transaction.
    `UPDATE fidelity.${name} SET note = 'one' WHERE id = 1;
     UPDATE fidelity.${name} SET t = t || 'x' WHERE id = 1;
     UPDATE fidelity.${name} SET note = 'three', j = NULL WHERE id = 1`,
    // A new key with the large values untouched, and back to the old key with another row.
    `UPDATE fidelity.${name} SET id = 20 WHERE id = 2; UPDATE fidelity.${name} SET id = 2, note = 'swapped' WHERE id = 3`,
    `DELETE FROM fidelity.${name} WHERE id = 4`,
    `INSERT INTO fidelity.${name} ${row(5, "s5", 1)};
     UPDATE fidelity.${name} SET note = 'in its own transaction' WHERE id = 5`
  ]),
  `INSERT INTO fidelity.big_full SELECT g, ${words("full", 60_000)}, decode(repeat('ff', 500000), 'hex'), NULL, 'made'
   FROM generate_series(1, 3) g`,
  `UPDATE fidelity.big_full SET note = NULL WHERE id = 1;
   UPDATE fidelity.big_full SET j = '{"a": 1}' WHERE id = 2;
   DELETE FROM fidelity.big_full WHERE id = 3`
]
