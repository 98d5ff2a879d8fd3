/**
 * Edge values of every built-in type, by the type's name in pg_type, as the text inside the quotes of a literal
 * (a single quote is doubled when the statement is made). The test derives the list of types from the server and
 * fails when one of them is neither here nor in `unusableTypes`.
 */
export const builtInTypes: Readonly<Record<string, ReadonlyArray<string>>> = {
  // Numbers
  int2: ["-32768", "0", "32767"],
  int4: ["-2147483648", "0", "2147483647"],
  int8: ["-9223372036854775808", "9007199254740993", "9223372036854775807"],
  numeric: [
    "NaN",
    "Infinity",
    "-Infinity",
    "0",
    "1.0",
    "1.00",
    "-0.000000000000000000000000000000000001",
    "12345678901234567890123456789012345678901234567890.12345678901234567890",
    `1${"0".repeat(1000)}`,
    `0.${"0".repeat(1000)}1`
  ],
  float4: ["NaN", "Infinity", "-Infinity", "-0", "0.1", "1.1754944e-38", "1e-45", "3.4028235e+38"],
  float8: [
    "NaN",
    "Infinity",
    "-Infinity",
    "-0",
    "0.1",
    "0.30000000000000004",
    "5e-324",
    "1.7976931348623157e+308"
  ],
  money: ["-92233720368547758.08", "0", "1234567.89", "92233720368547758.07"],
  oid: ["0", "1", "4294967295"],
  xid: ["0", "3", "4294967295"],
  xid8: ["0", "18446744073709551615"],
  cid: ["0", "4294967295"],

  // Characters and bytes
  text: [
    "",
    " ",
    "NULL",
    "null",
    "\\N",
    "\\",
    "'",
    '"',
    "{}",
    "a,b;c\td\r\ne\u0001\u007f",
    "\u00e9 e\u0301 \u{1f600} \ufeff \ufffd \u202e",
    "trailing  "
  ],
  varchar: ["", " ", "NULL", "a''b", "\u{1f600}"],
  bpchar: ["", " ", "a ", "\u00e9  "],
  char: ["", " ", "a", "\\"],
  name: ["", "a", "with space", "x".repeat(63), "\u00e9".repeat(31)],
  bytea: ["\\x", "\\x00", "\\xdeadbeef", `\\x${allBytes()}`, "\\x5c78", "\\x27"],
  refcursor: ["", "<unnamed portal 1>"],
  bit: ["0", "1", "10101", "0".repeat(100)],
  varbit: ["", "1", "0110", "1".repeat(1000)],
  uuid: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
  bool: ["t", "f"],

  // Time
  date: [
    "infinity",
    "-infinity",
    "4713-01-01 BC",
    "0044-03-15 BC",
    "0001-01-01",
    "2024-02-29",
    "03.02.2001",
    "5874897-12-31"
  ],
  time: ["00:00:00", "24:00:00", "23:59:59.999999", "12:00:00.000001"],
  timetz: ["00:00:00+00", "24:00:00-15:59:59", "24:00:00+15:59:59", "12:34:56.789+05:45"],
  timestamp: [
    "infinity",
    "-infinity",
    "4713-01-01 00:00:00 BC",
    "0001-12-31 23:59:59.999999 BC",
    "2000-01-01 00:00:00.000001",
    "294276-12-31 23:59:59.999999"
  ],
  timestamptz: [
    "infinity",
    "-infinity",
    "4713-01-01 00:00:00+00 BC",
    "1883-11-18 12:03:58-04:56:02",
    "2024-03-31 01:30:00.123456+01",
    "294276-12-31 23:59:59.999999+00"
  ],
  interval: [
    "0",
    "178000000 years",
    "-178000000 years",
    "-1 years 2 mons -3 days 04:05:06.789",
    "1 year -2 mons +3 days -00:00:00.000001",
    "2562047788:00:54.775807",
    "P1Y2M3DT4H5M6S"
  ],

  // Documents and text search
  json: [
    "null",
    '{"a" : 1,  "a":2, "b":[ ]}',
    '"\\u0000 \\ud83d\\ude00"',
    "1e400",
    "123456789012345678901234567890.10"
  ],
  jsonb: [
    "null",
    "{}",
    "[]",
    '""',
    '{"b": 1, "a": [null, true, "\\"\\\\"]}',
    "12345678901234567890.1234567890",
    '"\\u00e9"',
    "1.10"
  ],
  jsonpath: ["$", "strict $", '$."a b"[*]?(@."c" > 1 && @."d" like_regex "^x" flag "i")', "$[0 to last].*"],
  xml: ["", "text &amp; &lt;", "<a/>", '<a b="c">d<!-- e --></a><f/>', "<![CDATA[ <x> ]]>"],
  tsvector: ["", "a:1A b:2,3 c", "'it''s':1 'two words':2B,16383", "\\\\x"],
  tsquery: ["", "a", "a & !b | c:*AB", "'two words' <-> d <2> e"],

  // Networks
  inet: ["0.0.0.0", "1.2.3.4/0", "255.255.255.255/31", "::", "::ffff:1.2.3.4", "fe80::1/64"],
  cidr: ["0.0.0.0/0", "10.0.0.0/8", "1.2.3.4/32", "::/0", "2001:db8::/32"],
  macaddr: ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"],
  macaddr8: ["00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff", "08:00:2b:01:02:03"],

  // Geometry
  point: ["(0,0)", "(-0,0.1)", "(NaN,Infinity)", "(1e-300,-1.7976931348623157e+308)"],
  line: ["{1,-1,0}", "{0,1,0.30000000000000004}"],
  lseg: ["[(0,0),(1,1)]", "[(-0,NaN),(Infinity,0.1)]"],
  box: ["(1,1),(0,0)", "(Infinity,0.1),(-Infinity,-0.1)"],
  path: ["((0,0),(1,1),(2,0))", "[(0,0),(1,1)]", "((0.1,0.2))"],
  polygon: ["((0,0))", "((0,0),(1,1),(0.1,-0.1))"],
  circle: ["<(0,0),0>", "<(0.1,-0.1),Infinity>", "<(1,2),0.30000000000000004>"],

  // Inside the server
  pg_lsn: ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"],
  pg_snapshot: ["1:1:", "10:20:10,14,15"],
  txid_snapshot: ["1:1:", "10:20:10,14,15"],
  tid: ["(0,0)", "(4294967295,65535)"],
  aclitem: ["postgres=arwdDxt/postgres", "=r*/postgres"],
  int2vector: ["", "1", "-32768 0 32767"],
  oidvector: ["", "1", "0 4294967295"],
  regclass: ["-", "pg_class", "fidelity.mood_log", "999999999"],
  regcollation: ["-", '"C"', '"default"'],
  regconfig: ["-", "simple", "english"],
  regdictionary: ["-", "simple", "english_stem"],
  regnamespace: ["-", "pg_catalog", "fidelity"],
  regoper: ["0", "||/", "pg_catalog.|/"],
  regoperator: ["0", "+(integer,integer)", "-(NONE,bigint)"],
  regproc: ["-", "pg_sleep", "pg_backend_pid"],
  regprocedure: ["-", "abs(integer)", "array_append(anycompatiblearray,anycompatible)"],
  regrole: ["-", "postgres"],
  regtype: ["-", "integer", "timestamp with time zone[]", "fidelity.mood"],

  // Ranges
  int4range: ["empty", "(,)", "[1,10)", "(,5]", "[2147483646,2147483647)"],
  int8range: ["empty", "(,)", "[-9223372036854775808,9223372036854775807)"],
  numrange: ["empty", "(,)", "[1.0,1.00]", "(-Infinity,NaN)", "[0.1,)"],
  daterange: ["empty", "[2024-02-29,2024-03-01)", "[-infinity,infinity)", "[4713-01-01 BC,0044-03-15 BC)"],
  tsrange: ["empty", "(,)", '["2024-01-01 00:00:00","2024-01-01 00:00:00.000001")', "[-infinity,infinity]"],
  tstzrange: ["empty", '["0044-03-15 00:00:00+00 BC",infinity)', '(,"2024-01-01 12:00:00+12"]'],
  int4multirange: ["{}", "{(,)}", "{[1,3),[5,7)}"],
  int8multirange: ["{}", "{[-9223372036854775808,0),[5,)}"],
  nummultirange: ["{}", "{[1.0,1.10],(2,3)}"],
  datemultirange: ["{}", "{[2024-01-01,2024-02-01),[2024-03-01,infinity)}"],
  tsmultirange: ["{}", '{["2024-01-01 00:00:00","2024-01-02 00:00:00"),[infinity,infinity]}'],
  tstzmultirange: ["{}", '{(,"0044-03-15 00:00:00+00 BC"),["2024-01-01 00:00:00+00",)}'],

  // The domains of information_schema
  cardinal_number: ["0", "2147483647"],
  character_data: ["", "it's"],
  sql_identifier: ["", "a b"],
  time_stamp: ["2024-01-01 00:00:00.12+00"],
  yes_or_no: ["YES", "NO"]
}

/** Values that older servers do not know, by the first major version that does. */
export const laterValues: ReadonlyArray<{
  readonly type: string
  readonly since: number
  readonly values: ReadonlyArray<string>
}> = [
  { type: "interval", since: 17, values: ["infinity", "-infinity"] },
  { type: "char", since: 16, values: ["\\377", "\\200"] }
]

/** Their input functions refuse every value, so that no table of anybody's holds one. The test tries it. */
export const unusableTypes: ReadonlyArray<string> = [
  "gtsvector",
  "pg_brin_bloom_summary",
  "pg_brin_minmax_multi_summary",
  "pg_dependencies",
  "pg_mcv_list",
  "pg_ndistinct",
  "pg_node_tree"
]

function allBytes(): string {
  return Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join("")
}
