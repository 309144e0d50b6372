#!/usr/bin/env python3
"""Prints a store as SQL, for make.sh: dump.py FILE."""
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1])
for line in db.iterdump():
    print(line)
print("PRAGMA user_version = %d;" % db.execute("PRAGMA user_version").fetchone())
