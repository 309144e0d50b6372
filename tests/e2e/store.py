#!/usr/bin/env python3
"""The store of a workspace, for tests: store.py DB SQL [VALUE...] prints rows as JSON, one a line;
store.py DB deliver CLIENT COMPANY AT_MS FILE adds each line of FILE as a waiting delivery ("-" for
CLIENT: by company; "-" for COMPANY: none) and prints its id. store.py DB empty: no deliveries and no
runs, as if nothing had ever come."""
import json
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
db.row_factory = sqlite3.Row


TABLES = """delivery delivery_body seen activation run entry exchange wait receipt reply crash pause
            schedule rollup rollup_open rollup_due mark incident timer""".split()


def deliver(client, company, at_ms, file):
    with open(file, "rb") as f:
        for line in f.read().splitlines():
            add(client, company, at_ms, line)


def add(client, company, at_ms, body):
    try:
        event = json.loads(body)
    except ValueError:
        event = {}
    event = event if isinstance(event, dict) else {}
    payload = event.get("payload", event)
    db.execute("BEGIN IMMEDIATE")
    row = db.execute(
        "INSERT INTO delivery (at_ms, app, client, scheme, company, type, event, conversation, state,"
        " due_ms) VALUES (?, 'front', ?, 'application', ?, ?, ?, ?, 0, ?) RETURNING id",
        (int(at_ms), None if client == "-" else client, None if company == "-" else company,
         payload.get("type"), payload.get("id"), (payload.get("conversation") or {}).get("id"),
         int(at_ms))).fetchone()[0]
    db.execute("INSERT INTO delivery_body (id, body) VALUES (?, ?)", (row, body))
    db.execute("COMMIT")
    print(row)


if sys.argv[2] == "deliver":
    deliver(*sys.argv[3:])
elif sys.argv[2] == "empty":
    db.executescript("BEGIN;" + "".join(f"DELETE FROM {table};" for table in TABLES)
                     + "UPDATE rollup_mark SET delivery = 0, activation = 0, run = 0; COMMIT;")
else:
    for row in db.execute(sys.argv[2], sys.argv[3:]):
        print(json.dumps({k: row[k] for k in row.keys() if not isinstance(row[k], bytes)}))
