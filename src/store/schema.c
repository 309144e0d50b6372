#include "store/schema.h"

/* Step i leads from version i to i + 1. A step that was released is never edited. */
const char *const schema_steps[] = {
    "CREATE TABLE connection ("
    "  app TEXT NOT NULL,"
    "  id TEXT NOT NULL,"
    "  company TEXT NOT NULL,"
    "  api_url TEXT,"
    "  token_version INTEGER NOT NULL,"
    "  token BLOB NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (app, id)"
    ") STRICT;"
    "CREATE TABLE client_connection ("
    "  client TEXT NOT NULL,"
    "  app TEXT NOT NULL,"
    "  id TEXT NOT NULL,"
    "  PRIMARY KEY (client, app),"
    "  FOREIGN KEY (app, id) REFERENCES connection (app, id)"
    ") STRICT;"
    "CREATE INDEX client_connection_by_connection ON client_connection (app, id);"
    "CREATE TABLE secret ("
    "  name TEXT PRIMARY KEY,"
    "  version INTEGER NOT NULL,"
    "  value BLOB NOT NULL,"
    "  created_ms INTEGER NOT NULL"
    ") STRICT;",
    /* OAuth grants, consents asked for, several versions of a secret */
    "ALTER TABLE connection ADD COLUMN oauth_url TEXT;"
    "ALTER TABLE connection ADD COLUMN refresh BLOB;"
    "ALTER TABLE connection ADD COLUMN expires_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE connection ADD COLUMN reconnect INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE connection ADD COLUMN refreshed_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE connection ADD COLUMN last_error TEXT;"
    "CREATE TABLE consent ("
    "  state BLOB PRIMARY KEY," /* SHA-256 */
    "  client TEXT NOT NULL,"
    "  app TEXT NOT NULL,"
    "  redirect_url TEXT,"
    "  api_url TEXT,"
    "  oauth_url TEXT,"
    "  replace INTEGER NOT NULL,"
    "  expires_ms INTEGER NOT NULL,"
    "  used INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE TABLE secret_version ("
    "  name TEXT NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  value BLOB NOT NULL,"
    "  created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (name, version)"
    ") STRICT;"
    "INSERT INTO secret_version SELECT name, version, value, created_ms FROM secret;"
    "DROP TABLE secret;",
    /* the id of the key that every sealed value is sealed with; no row before a rekey */
    "CREATE TABLE sealing ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  key TEXT NOT NULL"
    ") STRICT;",
    /* deliveries, activations and runs (store/inbox.h, store/ledger.h) */
    "CREATE TABLE delivery ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  at_ms INTEGER NOT NULL,"
    "  app TEXT NOT NULL,"
    "  client TEXT,"  /* of the route; NULL: by company */
    "  trigger TEXT," /* of the route */
    "  scheme TEXT NOT NULL,"
    "  company TEXT,"
    "  type TEXT,"
    "  event TEXT,"
    "  conversation TEXT,"
    "  state INTEGER NOT NULL,"
    "  due_ms INTEGER NOT NULL,"
    "  attempts INTEGER NOT NULL DEFAULT 0,"
    "  crashes INTEGER NOT NULL DEFAULT 0,"
    "  owner TEXT,"
    "  note TEXT" /* JSON: why it did not fire, by client and trigger; why it is dead */
    ") STRICT;"
    "CREATE INDEX delivery_waiting ON delivery (due_ms, id) WHERE state = 0;"
    "CREATE INDEX delivery_odd ON delivery (state) WHERE state > 1;"
    "CREATE INDEX delivery_claimed ON delivery (owner) WHERE owner IS NOT NULL;"
    "CREATE INDEX delivery_in_conversation ON delivery (conversation, id)"
    " WHERE state = 0 AND conversation IS NOT NULL;"
    /* a delivery's own row is changed, its body never is */
    "CREATE TABLE delivery_body (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE rejection ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  at_ms INTEGER NOT NULL,"
    "  route TEXT NOT NULL,"
    "  client TEXT,"
    "  app TEXT,"
    "  scheme TEXT,"
    "  status INTEGER NOT NULL,"
    "  times INTEGER NOT NULL,"
    "  sentence TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE seen ("       /* activation keys, kept longer than activations */
    "  id INTEGER PRIMARY KEY," /* grows with time: old rows are a range of ids */
    "  hash BLOB NOT NULL UNIQUE,"
    "  at_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE activation ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  at_ms INTEGER NOT NULL,"
    "  client TEXT NOT NULL,"
    "  trigger TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  delivery INTEGER,"
    "  conversation TEXT,"
    "  note TEXT," /* JSON: recipes that are not switched on */
    "  event TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX activation_of_client ON activation (client, trigger, id);"
    "CREATE INDEX activation_of_delivery ON activation (delivery);"
    "CREATE TABLE run ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  client TEXT NOT NULL,"
    "  recipe TEXT NOT NULL,"
    "  origin TEXT NOT NULL," /* activation, cron, hand */
    "  activation INTEGER,"
    "  slot_ms INTEGER,"
    "  conversation TEXT,"
    "  args TEXT NOT NULL,"
    "  seed TEXT,"            /* NULL: made from the id */
    "  place TEXT,"           /* order_key in C; NULL: none */
    "  policy TEXT NOT NULL," /* JSON: retry, uncertain */
    "  state INTEGER NOT NULL,"
    "  due_ms INTEGER NOT NULL,"
    "  behind INTEGER NOT NULL DEFAULT 0," /* 1: blocked, another of its key goes first */
    "  held_ms INTEGER NOT NULL DEFAULT 0," /* order_since_ms in C; 0: not its turn yet */
    "  attempts INTEGER NOT NULL DEFAULT 0,"
    "  failures INTEGER NOT NULL DEFAULT 0," /* in a row, for the policy */
    "  first_failure_ms INTEGER NOT NULL DEFAULT 0,"
    "  looks INTEGER NOT NULL DEFAULT 0," /* searches for an uncertain write */
    "  crashes INTEGER NOT NULL DEFAULT 0,"
    "  owner TEXT,"
    "  epoch INTEGER NOT NULL DEFAULT 0,"
    "  created_ms INTEGER NOT NULL,"
    "  began_ms INTEGER NOT NULL DEFAULT 0,"
    "  ended_ms INTEGER NOT NULL DEFAULT 0,"
    "  since INTEGER NOT NULL DEFAULT 0," /* the last activation when it began */
    "  kind TEXT,"
    "  reason TEXT,"
    "  result TEXT,"
    "  pins BLOB,"
    "  undelivered TEXT" /* why the customer did not get it */
    ") STRICT;"
    /* runs that may start: queued, sleeping, waiting, confirming */
    "CREATE INDEX run_due ON run (due_ms, id)"
    "  WHERE state IN (0, 2, 3, 4) AND behind = 0;"
    "CREATE INDEX run_turn ON run (client, recipe, due_ms, id)"
    "  WHERE state IN (0, 2, 3, 4) AND behind = 0;"
    "CREATE INDEX run_in_place ON run (place, behind, id)"
    "  WHERE place IS NOT NULL AND state IN (0, 1, 4);"
    "CREATE INDEX run_of_owner ON run (owner) WHERE state = 1;"
    "CREATE INDEX run_going_on ON run (client, state) WHERE state < 7;"
    "CREATE INDEX run_over ON run (state, ended_ms) WHERE state >= 7;"
    "CREATE INDEX run_with_pins ON run (pins) WHERE pins IS NOT NULL;"
    "CREATE INDEX run_of_activation ON run (activation) WHERE activation IS NOT NULL;"
    "CREATE TABLE step ("
    "  run INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  hash BLOB NOT NULL,"
    "  flags INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  input BLOB,"
    "  result BLOB,"
    "  PRIMARY KEY (run, seq)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE history (" /* for `foyer trace` */
    "  run INTEGER NOT NULL,"
    "  n INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  what TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  PRIMARY KEY (run, n)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE code (hash BLOB PRIMARY KEY, text BLOB NOT NULL) STRICT;"
    "CREATE TABLE pins (hash BLOB PRIMARY KEY, list TEXT NOT NULL) STRICT;"
    "CREATE TABLE wait ("
    "  run INTEGER PRIMARY KEY,"
    "  seq INTEGER NOT NULL,"
    "  client TEXT NOT NULL,"
    "  trigger TEXT NOT NULL,"
    "  match TEXT NOT NULL,"
    "  since INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX wait_for ON wait (client, trigger);"
    "CREATE TABLE value (" /* ctx.store */
    "  client TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (client, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE effect (" /* ids that steps made: no two steps claim the same one */
    "  client TEXT NOT NULL,"
    "  ref TEXT NOT NULL,"
    "  run INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (client, ref)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX effect_at ON effect (at_ms);"
    "CREATE TABLE receipt (" /* accepted messages that must appear */
    "  client TEXT NOT NULL,"
    "  app TEXT NOT NULL,"
    "  ref TEXT NOT NULL,"
    "  run INTEGER NOT NULL,"
    "  due_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (client, app, ref)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX receipt_due ON receipt (due_ms);"
    "CREATE TABLE reply (" /* for the loop guard */
    "  client TEXT NOT NULL,"
    "  conversation TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  run INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  UNIQUE (run, seq)"
    ") STRICT;"
    "CREATE INDEX reply_of ON reply (client, conversation, at_ms);"
    "CREATE TABLE crash (client TEXT NOT NULL, recipe TEXT NOT NULL, at_ms INTEGER NOT "
    "NULL, run INTEGER NOT NULL) STRICT;"
    "CREATE TABLE pause (" /* '' means all */
    "  client TEXT NOT NULL,"
    "  recipe TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  by TEXT NOT NULL," /* hand, crash */
    "  reason TEXT NOT NULL,"
    "  PRIMARY KEY (client, recipe)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE schedule (" /* the last cron slot that was handled */
    "  client TEXT NOT NULL,"
    "  recipe TEXT NOT NULL,"
    "  slot_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (client, recipe)"
    ") STRICT, WITHOUT ROWID;",
    /* the OAuth app that a grant was given to; the address that the API gave the company
     */
    "ALTER TABLE connection ADD COLUMN made_with TEXT;"
    "ALTER TABLE connection ADD COLUMN base_url TEXT;"
    "ALTER TABLE consent ADD COLUMN made_with TEXT;",
    /* The same indexes without IN. For a list of more than two SQLite made a table, for
     * each row of run that was written (expr.c, sqlite3FindInIndex). */
    "DROP INDEX run_due;"
    "DROP INDEX run_turn;"
    "DROP INDEX run_in_place;"
    "CREATE INDEX run_due ON run (due_ms, id)"
    "  WHERE state < 5 AND state <> 1 AND behind = 0;"
    "CREATE INDEX run_turn ON run (client, recipe, due_ms, id)"
    "  WHERE state < 5 AND state <> 1 AND behind = 0;"
    "CREATE INDEX run_in_place ON run (place, behind, id)"
    "  WHERE place IS NOT NULL AND (state < 2 OR state = 4);",
    /* the bytes of a client's keys and values in ctx.store: a write need not add them up
     */
    "CREATE TABLE value_total ("
    "  client TEXT PRIMARY KEY,"
    "  bytes INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO value_total SELECT client,"
    "  sum(length(CAST(key AS BLOB)) + length(CAST(value AS BLOB)))"
    "  FROM value GROUP BY client;",
    /* What a request made belongs to the company, which clients may share. Old rows go to
     * the companies that their client is connected to. */
    "ALTER TABLE effect RENAME TO effect_of_client;"
    "CREATE TABLE effect ("
    "  app TEXT NOT NULL,"
    "  company TEXT NOT NULL,"
    "  ref TEXT NOT NULL,"
    "  run INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (app, company, ref)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT OR IGNORE INTO effect SELECT l.app, l.id, o.ref, o.run, o.at_ms"
    "  FROM effect_of_client o JOIN client_connection l ON l.client = o.client"
    "  ORDER BY o.at_ms, o.run;"
    "DROP TABLE effect_of_client;"
    "CREATE INDEX effect_at ON effect (at_ms);"
    /* the claim under which a step was stored; and the writes without an outcome */
    "ALTER TABLE step ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX step_open ON step (at_ms) WHERE flags & 7 = 4 AND at_ms > 0;",
    /* 1: found by a search; 0: named by an answer */
    "ALTER TABLE effect ADD COLUMN looked INTEGER NOT NULL DEFAULT 0;",
    /* the event, compressed; `event` is '' then */
    "ALTER TABLE activation ADD COLUMN packed BLOB;"
    /* Each index costs the event's path a page or two: one of the runs that are not over
     * instead of two, none for what is searched for once in a while. */
    "DROP INDEX run_of_owner;"
    "DROP INDEX run_going_on;"
    "CREATE INDEX run_alive ON run (state, client) WHERE state < 7;"
    "DROP INDEX step_open;"
    "DROP INDEX run_with_pins;"
    "DROP INDEX receipt_due;"
    "ALTER TABLE reply RENAME TO old_reply;"
    "CREATE TABLE reply ("
    "  client TEXT NOT NULL,"
    "  conversation TEXT NOT NULL,"
    "  run INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (client, conversation, run, seq)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT OR REPLACE INTO reply SELECT client, conversation, run, seq, at_ms"
    "  FROM old_reply;"
    "DROP TABLE old_reply;"
    /* Steps and lines of history of one run on one page; see ledger_row.h. The views are
     * for people who look into the file. */
    "CREATE TABLE entry ("
    "  id INTEGER PRIMARY KEY," /* of the run << 24, + seq, or + 2^23 + n */
    "  at_ms INTEGER NOT NULL,"
    "  kind TEXT NOT NULL," /* of a line: what happened */
    "  name TEXT NOT NULL," /* of a line: its text */
    "  hash BLOB,"
    "  flags INTEGER NOT NULL DEFAULT 0,"
    "  epoch INTEGER NOT NULL DEFAULT 0,"
    "  input BLOB,"
    "  result BLOB"
    ") STRICT;"
    "INSERT INTO entry SELECT (run << 24) + seq, at_ms, kind, name, hash, flags, epoch,"
    "  input, result FROM step ORDER BY run, seq;"
    "INSERT INTO entry (id, at_ms, kind, name)"
    "  SELECT (run << 24) + 8388608 + n, at_ms, what, text FROM history ORDER BY run, n;"
    "DROP TABLE step;"
    "DROP TABLE history;"
    "CREATE VIEW step AS SELECT id >> 24 AS run, id & 8388607 AS seq, kind, name, hash,"
    "  flags, at_ms, epoch, input, result FROM entry WHERE id & 8388608 = 0;"
    "CREATE VIEW history AS SELECT id >> 24 AS run, id & 8388607 AS n, at_ms,"
    "  kind AS what, name AS text FROM entry WHERE id & 8388608 <> 0;",
    /* What a run that is over sent and got. Ids of runs grow with time: retention needs
     * no index. Items of core/exchanged.h, while the run goes on, are in entry too. */
    "CREATE TABLE exchange ("
    "  run INTEGER PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL,"
    "  body BLOB NOT NULL" /* JSON, compressed */
    ") STRICT;"
    "DROP VIEW history;"
    "CREATE VIEW history AS SELECT id >> 24 AS run, id & 4194303 AS n, at_ms,"
    "  kind AS what, name AS text FROM entry WHERE id & 12582912 = 8388608;",
    /* Counts of each client's hours, and what is not counted yet: see rollup.h. Counting
     * begins with what comes and ends from now on. */
    "CREATE TABLE rollup ("
    "  hour INTEGER NOT NULL," /* since 1970 in UTC; -1: of all hours */
    "  client TEXT NOT NULL,"  /* '': no client's */
    "  events INTEGER NOT NULL,"
    "  fired INTEGER NOT NULL,"
    "  replies INTEGER NOT NULL,"
    "  waits INTEGER NOT NULL,"
    "  parked INTEGER NOT NULL,"
    "  done INTEGER NOT NULL,"
    "  skipped INTEGER NOT NULL,"
    "  dead INTEGER NOT NULL,"
    "  cancelled INTEGER NOT NULL,"
    "  first_ms INTEGER NOT NULL," /* the sum of the times below */
    /* runs by the time from their webhook to their first reply */
    "  within_100ms INTEGER NOT NULL,"
    "  within_500ms INTEGER NOT NULL,"
    "  within_1s INTEGER NOT NULL,"
    "  within_5s INTEGER NOT NULL,"
    "  within_30s INTEGER NOT NULL,"
    "  within_2m INTEGER NOT NULL,"
    "  within_10m INTEGER NOT NULL,"
    "  within_1h INTEGER NOT NULL,"
    "  later INTEGER NOT NULL,"
    "  PRIMARY KEY (hour, client)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE rollup_mark (" /* the last ids that were counted */
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  delivery INTEGER NOT NULL,"
    "  activation INTEGER NOT NULL,"
    "  run INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO rollup_mark SELECT 1,"
    "  coalesce(max(CASE name WHEN 'delivery' THEN seq END), 0),"
    "  coalesce(max(CASE name WHEN 'activation' THEN seq END), 0),"
    "  coalesce(max(CASE name WHEN 'run' THEN seq END), 0) FROM sqlite_sequence;"
    "CREATE TABLE rollup_open (" /* runs that were not over when they were counted */
    "  run INTEGER PRIMARY KEY,"
    "  line INTEGER NOT NULL" /* of the history: the last one that was counted */
    ") STRICT;"
    "INSERT INTO rollup_open SELECT id, coalesce((SELECT max(e.id) - (run.id << 24)"
    "  - 8388608 FROM entry e WHERE e.id > (run.id << 24) + 8388608"
    "  AND e.id < (run.id << 24) + 12582912), 0) FROM run WHERE state < 7;"
    "CREATE TABLE rollup_due (run INTEGER PRIMARY KEY) STRICT;", /* of these: changed */
    /* The lines of files that `foyer call --each` has begun. */
    "CREATE TABLE line ("
    "  file BLOB NOT NULL," /* a hash of the call and of the file's content */
    "  n INTEGER NOT NULL," /* from 1 */
    "  hash BLOB NOT NULL," /* of the call and of the line's text */
    "  run INTEGER NOT NULL,"
    "  PRIMARY KEY (file, n)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX line_by_hash ON line (hash);"
    "CREATE INDEX line_of_run ON line (run);",
    /* How far apps were looked at for what they do not send: see mark.h. The events of
     * the companies that are connected are looked at from now on. */
    "CREATE TABLE mark ("
    "  kind TEXT NOT NULL,"
    "  app TEXT NOT NULL,"
    "  whose TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  began_ms INTEGER NOT NULL,"
    "  looked_ms INTEGER NOT NULL DEFAULT 0,"
    "  found INTEGER NOT NULL DEFAULT 0,"
    "  known TEXT," /* JSON */
    "  error TEXT,"
    "  owner TEXT,"
    "  epoch INTEGER NOT NULL DEFAULT 0,"
    "  PRIMARY KEY (kind, app, whose, name)"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO mark (kind, app, whose, name, at_ms, began_ms)"
    "  SELECT 'heal', app, id, '', now.ms, now.ms FROM connection,"
    "  (SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000 AS ms) now;",
    /* claims on deliveries are in store/claims.h */
    "DROP INDEX delivery_claimed;"
    "ALTER TABLE delivery DROP COLUMN owner;"
    /* AUTOINCREMENT costs each insert a page. Retention keeps the newest row of these
     * tables instead, so that no id is used twice; a table whose newest row an older
     * foyer removed stays as it is. The content does not change: SQLite's ALTER TABLE
     * page (7) describes this way. */
    "CREATE TEMP TABLE whole AS SELECT t.name FROM ("
    "  SELECT 'delivery' AS name, max(id) AS id FROM delivery"
    "  UNION ALL SELECT 'activation', max(id) FROM activation"
    "  UNION ALL SELECT 'run', max(id) FROM run) t"
    "  LEFT JOIN sqlite_sequence s ON s.name = t.name"
    "  WHERE coalesce(t.id, 0) >= coalesce(s.seq, 0);"
    "PRAGMA writable_schema = ON;"
    "UPDATE sqlite_schema SET sql = replace(sql, ' AUTOINCREMENT', '')"
    "  WHERE type = 'table' AND name IN (SELECT name FROM whole);"
    "PRAGMA writable_schema = RESET;"
    "DELETE FROM sqlite_sequence WHERE name IN (SELECT name FROM whole);"
    "DROP TABLE whole;",
    /* Releases: see release.h. Texts are in code. */
    "CREATE TABLE release ("
    "  id INTEGER PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL,"
    "  by TEXT NOT NULL,"
    "  revision TEXT,"
    "  note TEXT,"
    "  manifest TEXT NOT NULL,"
    "  bases TEXT NOT NULL" /* of built-in files, as manifest */
    ") STRICT;"
    "CREATE TABLE live (" /* '' is the server itself */
    "  client TEXT PRIMARY KEY,"
    "  release INTEGER NOT NULL REFERENCES release (id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE release_move ("
    "  id INTEGER PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL,"
    "  by TEXT NOT NULL,"
    "  client TEXT NOT NULL,"
    "  old INTEGER NOT NULL," /* 0: none */
    "  new INTEGER NOT NULL,"
    "  why TEXT"
    ") STRICT;"
    "CREATE TABLE serving (" /* the servers that run, see release.h */
    "  pid INTEGER PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL,"
    "  generation INTEGER NOT NULL,"
    "  error TEXT"
    ") STRICT;"
    "CREATE TABLE refused_deploy (" /* the last one */
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  at_ms INTEGER NOT NULL,"
    "  by TEXT NOT NULL,"
    "  text TEXT NOT NULL"
    ") STRICT;"
    /* Hashes of the deliveries that were erased: see forgotten.h. */
    "CREATE TABLE forgotten ("
    "  hash BLOB PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    /* Where the store lives, see home.h; and which runs sent nothing, as they were tried
     * dry. */
    "CREATE TABLE home ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  machine TEXT NOT NULL,"
    "  inode INTEGER NOT NULL,"
    "  born_ms INTEGER NOT NULL,"
    "  copied_ms INTEGER NOT NULL DEFAULT 0," /* 0: it is at home */
    "  run INTEGER NOT NULL DEFAULT 0,"       /* the newest ones when it was copied */
    "  delivery INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "ALTER TABLE run ADD COLUMN dry INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE run ADD COLUMN release INTEGER NOT NULL DEFAULT 0;"
    /* Runs that need a person although they are over: few, of many. */
    "CREATE INDEX run_undelivered ON run (client) WHERE undelivered IS NOT NULL;"
    /* What stays of a run's row of exchange when its bodies go: of each write the place,
     * the answer's status, the body's hash, and the templates. Retention adds the rows in
     * order of run. */
    "CREATE TABLE sent ("
    "  run INTEGER PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL,"
    "  body BLOB NOT NULL" /* JSON, compressed */
    ") STRICT;"
    /* What alerts are about, one row a cause, and when timers that processes share last
     * fired: see incident.h. */
    "CREATE TABLE incident ("
    "  kind TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  client TEXT NOT NULL," /* '': the agency's own */
    "  state INTEGER NOT NULL,"
    "  first_ms INTEGER NOT NULL,"
    "  last_ms INTEGER NOT NULL,"
    "  good_ms INTEGER NOT NULL,"
    "  opened_ms INTEGER NOT NULL,"
    "  closed_ms INTEGER NOT NULL,"
    "  said INTEGER NOT NULL,"
    "  said_ms INTEGER NOT NULL,"
    "  signs INTEGER NOT NULL,"
    "  n INTEGER NOT NULL,"
    "  urgent INTEGER NOT NULL,"
    "  text TEXT NOT NULL,"
    "  PRIMARY KEY (kind, key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE timer ("
    "  name TEXT PRIMARY KEY,"
    "  at_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    /* The OAuth apps that grants were made with: see store_app.h. */
    "CREATE TABLE oauth_app ("
    "  app TEXT NOT NULL,"
    "  mark TEXT NOT NULL," /* as connection.made_with */
    "  version INTEGER NOT NULL,"
    "  value BLOB NOT NULL,"
    "  at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (app, mark)"
    ") STRICT;",
};

const int schema_version = sizeof schema_steps / sizeof schema_steps[0];
