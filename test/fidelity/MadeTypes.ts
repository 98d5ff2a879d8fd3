/** What a user may build from the built-in types, made in schema `fidelity`. */
export const madeTypes: ReadonlyArray<string> = [
  `CREATE TYPE fidelity.mood AS ENUM ('sad', 'ok', '', 'with space', 'quo"te', 'it''s', '\\', 'NULL', 'a,b')`,
  `CREATE TABLE fidelity.mood_log (id int PRIMARY KEY)`,
  `CREATE DOMAIN fidelity.percent AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100)`,
  `CREATE DOMAIN fidelity.label AS text NOT NULL DEFAULT ''`,
  `CREATE DOMAIN fidelity.scores AS int[] CHECK (cardinality(VALUE) < 10)`,
  `CREATE TYPE fidelity.address AS (street text, zip int, lived daterange, tags text[])`,
  `CREATE TYPE fidelity.person AS (name text, home fidelity.address, mood fidelity.mood, raw bytea)`,
  `CREATE DOMAIN fidelity.adult AS fidelity.person CHECK ((VALUE).name IS DISTINCT FROM 'child')`,
  `CREATE TYPE fidelity.float_range AS RANGE (subtype = float8, subtype_diff = float8mi)`,
  `CREATE TYPE fidelity."Odd Name" AS ENUM ('x', 'y')`,
  `CREATE EXTENSION citext SCHEMA fidelity`,
  `CREATE EXTENSION hstore SCHEMA fidelity`,
  `CREATE EXTENSION ltree SCHEMA fidelity`
]

/** Type expressions with their values: made types, and built-in ones under a modifier. */
export const expressionValues: Readonly<Record<string, ReadonlyArray<string>>> = {
  "fidelity.mood": ["sad", "", "with space", 'quo"te', "it's", "\\", "NULL", "a,b"],
  'fidelity."Odd Name"': ["x", "y"],
  "fidelity.percent": ["0", "99.99", "100"],
  "fidelity.label": ["", "x"],
  "fidelity.scores": ["{}", "{1,NULL,3}", "[0:1]={1,2}"],
  "fidelity.address": [
    "(,,,)",
    '("",0,empty,{})',
    '("a ""b"" \\\\ (c),",12345,"[2024-01-01,)","{NULL,""NULL"",\'\'}")'
  ],
  "fidelity.person": [
    "(,,,)",
    '("","(,,,)",,"\\\\x")',
    '(Ann,"(""Main St, 1"",1,""[2024-01-01,2024-02-01)"",""{a,\\"b c\\"}"")","with space","\\\\x00ff")'
  ],
  "fidelity.adult": ["(Bob,,ok,)"],
  "fidelity.float_range": ["empty", "[0.1,0.30000000000000004)", "(-Infinity,NaN)"],
  "fidelity.citext": ["", "MiXed"],
  "fidelity.hstore": ["", '"a"=>"b", "c d"=>NULL, "e"=>""', '"\\"q\\""=>"\\\\"'],
  "fidelity.ltree": ["", "Top.Science.Astronomy"],
  "numeric(5,2)": ["-999.99", "0.5", "NaN"],
  "numeric(3,-2)": ["12300", "-99900"],
  "numeric(1000,900)": [`0.${"9".repeat(900)}`],
  "char(5)": ["", "a", "a  ", "é"],
  "varchar(3)": ["", "abc", "  "],
  "bit(5)": ["10101", "00000"],
  "varbit(7)": ["", "1010101"],
  "time(3)": ["24:00:00", "12:34:56.789"],
  "timestamp(0)": ["2024-01-01 00:00:00", "infinity"],
  "timestamptz(3)": ["2024-01-01 00:00:00.123+00"],
  "interval second(2)": ["1 day 00:00:01.23"],
  "interval year to month": ["3 years 2 mons"],
  "int4[]": ["{}", "{NULL}", "[0:2]={1,2,3}", "[-5:-4][3:4]={{1,2},{3,4}}", "{{{1},{2}}}"],
  "text[]": ["{}", '{"",NULL,"NULL","a,b","{}","\\"","\\\\"," "}', '[5:6]={"x","y"}'],
  "timestamptz[]": ['{infinity,"0044-03-15 00:00:00+00 BC"}'],
  "box[]": ["{(1,1),(0,0);(3,3),(2,2)}"]
}
