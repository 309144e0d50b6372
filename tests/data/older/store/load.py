#!/usr/bin/env python3
"""Makes the store that dump.py printed: load.py VERSION.sql.gz FILE. Its pages have 16 KiB, as they had."""
import gzip
import sqlite3
import sys

db = sqlite3.connect(sys.argv[2])
db.execute("PRAGMA page_size = 16384")
db.execute("PRAGMA journal_mode = WAL")
with gzip.open(sys.argv[1], "rt", encoding="utf-8") as f:
    db.executescript(f.read())
db.close()
