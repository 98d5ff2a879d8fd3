import { closeSync, openSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import type { ThreadOptions } from "./Protocol.ts"
import { integerOf, textOf } from "./Row.ts"
import { corrupt, SqliteFault } from "./SqliteFault.ts"

/** `WSLG`: tells our files from any other SQLite database. */
const applicationId = 0x57534c47
/** The version of the tables below. */
const fileVersion = 3
const pageSize = 8192

/*
 * Segment ids are dense, positions, top times and (within an incarnation) LSNs rise with them: every search is a
 * binary search by id, so that an append writes no index. The blobs come last, so that a search does not read them.
 */
const tables = `
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    first_ordinal INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    last_ordinal INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    -- log time before its first chunk, greatest commit time in it, log time at its end
    base_time INTEGER NOT NULL,
    max_time INTEGER NOT NULL,
    top_time INTEGER NOT NULL,
    last_lsn TEXT NOT NULL,
    -- sums over all segments up to this one, removed ones included
    total_changes INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    total_stored INTEGER NOT NULL,
    -- 0: body is plain text, 1: zstd
    compression INTEGER NOT NULL,
    -- CRC-32 of everything above, heads and body
    crc INTEGER NOT NULL,
    heads BLOB NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE relation (fingerprint TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT;
  CREATE TABLE incarnation (
    number INTEGER PRIMARY KEY,
    system_identifier TEXT NOT NULL,
    timeline INTEGER NOT NULL,
    database TEXT NOT NULL,
    slot TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    start_lsn TEXT NOT NULL,
    gap TEXT,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    commit_lsn TEXT NOT NULL,
    end_lsn TEXT NOT NULL,
    partitions INTEGER NOT NULL,
    coverage_time INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE source (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT;
`

export const pragma = (db: DatabaseSync, name: string): number =>
  integerOf(db.prepare(`PRAGMA ${name}`).get(), name)

/** Fails unless this is a log of this source, in a version that we can read. */
const verify = (db: DatabaseSync, options: ThreadOptions): void => {
  if (pragma(db, "application_id") !== applicationId) throw corrupt(`${options.file} is not a WalStream log`)
  const version = pragma(db, "user_version")
  if (version !== fileVersion) {
    const which = version > fileVersion ? "a newer" : "an older"
    throw corrupt(
      `${options.file} has version ${version}, this program reads version ${fileVersion}: use ${which} program for it`
    )
  }
  const id = textOf(db.prepare("SELECT id FROM source").get(), "id")
  if (id !== options.source) {
    const detail = `${options.file} is the log of source "${id}", not of "${options.source}"`
    throw new SqliteFault({ _tag: "Conflict", seq: 0, detail })
  }
}

/** For its owner alone: it holds the source's rows. SQLite gives the files beside it the same mode. */
const makePrivate = (file: string): void => {
  try {
    closeSync(openSync(file, "a", 0o600))
  } catch {
    // Opening it as a database says the same, in better words.
  }
}

/**
 * A lock that dies with its process: an exclusive transaction, held open, on an empty database beside the file. The
 * file itself cannot be locked so, since readers have to get in.
 */
const lock = (file: string): DatabaseSync => {
  makePrivate(`${file}.lock`)
  const db = new DatabaseSync(`${file}.lock`)
  try {
    db.exec("BEGIN EXCLUSIVE")
  } catch (thrown) {
    db.close()
    throw thrown
  }
  return db
}

export interface OpenFile {
  readonly db: DatabaseSync
  readonly close: () => void
}

/** Opens for writing, alone, and makes the tables in a new file. */
export const openWriter = (options: ThreadOptions): OpenFile => {
  const held = lock(options.file)
  makePrivate(options.file)
  const db = new DatabaseSync(options.file)
  const close = () => {
    db.close()
    held.close()
  }
  try {
    const isNew =
      integerOf(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get(), "n") === 0 &&
      pragma(db, "application_id") === 0
    if (isNew) {
      db.exec(`PRAGMA page_size = ${pageSize}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL`)
      db.exec("BEGIN IMMEDIATE")
      db.exec(tables)
      db.prepare("INSERT INTO source VALUES (1, ?)").run(options.source)
      db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${fileVersion}`)
      db.exec("COMMIT")
    }
    verify(db, options)
    // FULL: a commit is on the disk when it returns, which is what gates the acknowledgement to PostgreSQL.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    db.exec("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864")
    if (options.maxFileBytes !== null) {
      db.exec(`PRAGMA max_page_count = ${Math.floor(options.maxFileBytes / pragma(db, "page_size"))}`)
    }
    return { db, close }
  } catch (thrown) {
    close()
    throw thrown
  }
}

/** Opens for reading, beside a writer. */
export const openReader = (options: ThreadOptions): OpenFile => {
  const db = new DatabaseSync(options.file, { readOnly: true, timeout: 5000 })
  try {
    verify(db, options)
    return { db, close: () => db.close() }
  } catch (thrown) {
    db.close()
    throw thrown
  }
}
