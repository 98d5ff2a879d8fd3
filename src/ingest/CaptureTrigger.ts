import { Effect } from "effect"
import { inTransaction, type PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import { coverageMessagePrefix } from "./PublicationPlan.ts"
import type { PublicationNames } from "./Publications.ts"
import { quoteLiteral } from "./Quoting.ts"
import { classifiedTables } from "./SourceTables.ts"

/** The event trigger's name, for people who look for it. */
const captureTriggerName = "walstream_capture_new_tables"

/**
 * An event trigger that puts a table into its publication in the very transaction that creates or alters it: its
 * history then has no hole; where an ALTER TABLE changes what is captured, the history says so. It never makes a statement fail: what goes wrong becomes a warning. Event triggers need
 * a superuser. Opt-in, since it is code in somebody else's database.
 *
 * Rows that CREATE TABLE AS itself writes come before it runs: only a publication of all tables has them.
 */
export const captureTriggerStatements = (names: PublicationNames): ReadonlyArray<string> => [
  "CREATE SCHEMA IF NOT EXISTS walstream",
  `CREATE OR REPLACE FUNCTION walstream.capture_new_tables() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $walstream$
DECLARE
  full_name constant text := ${quoteLiteral(names.full)};
  inserts_name constant text := ${quoteLiteral(names.inserts)};
  prefix constant text := ${quoteLiteral(coverageMessagePrefix)};
  inserts_all boolean;
  item record;
BEGIN
  SELECT puballtables INTO inserts_all FROM pg_publication WHERE pubname = inserts_name;
  FOR item IN ${classifiedTables(
    "full_name",
    "inserts_name",
    `c.oid IN (SELECT coalesce(pg_partition_root(d.objid), d.objid)
      FROM pg_event_trigger_ddl_commands() d WHERE d.classid = 'pg_class'::regclass)`
  )}
  LOOP
    IF item.identity = 'usable' THEN
      IF NOT item.in_full THEN
        EXECUTE format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I', full_name, item.nspname, item.relname);
        IF tg_tag = 'ALTER TABLE' THEN
          PERFORM pg_logical_emit_message(true, prefix,
            json_build_object('table', item.nspname || '.' || item.relname, 'captured', 'all')::text);
        END IF;
      END IF;
      IF item.in_inserts AND NOT inserts_all THEN
        EXECUTE format('ALTER PUBLICATION %I DROP TABLE ONLY %I.%I', inserts_name, item.nspname, item.relname);
      END IF;
    ELSE
      IF NOT item.in_inserts THEN
        EXECUTE format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I', inserts_name, item.nspname, item.relname);
      END IF;
      IF item.in_full THEN
        EXECUTE format('ALTER PUBLICATION %I DROP TABLE ONLY %I.%I', full_name, item.nspname, item.relname);
        PERFORM pg_logical_emit_message(true, prefix,
          json_build_object('table', item.nspname || '.' || item.relname, 'captured', 'inserts')::text);
      END IF;
    END IF;
  END LOOP;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'walstream could not put a table into its publication: %', SQLERRM;
END
$walstream$`,
  `DROP EVENT TRIGGER IF EXISTS ${captureTriggerName}`,
  `CREATE EVENT TRIGGER ${captureTriggerName} ON ddl_command_end
  WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE SCHEMA')
  EXECUTE FUNCTION walstream.capture_new_tables()`
]

export const hasCaptureTrigger = (session: PgSession): Effect.Effect<boolean, PostgresError> =>
  Effect.map(
    session.query("SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = $1 AND evtenabled IN ('O', 'A')", [
      captureTriggerName
    ]),
    (rows) => rows.length > 0
  )

/** Made anew at each start, so that it belongs to this version. */
export const installCaptureTrigger = (
  session: PgSession,
  names: PublicationNames
): Effect.Effect<void, PostgresError> =>
  inTransaction(session, session.script(captureTriggerStatements(names).join(";\n")))
