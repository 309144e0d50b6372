#!/usr/bin/env python3
"""below_state.py DIR STRING...: looks in all files below DIR for the strings, in any letter case: in
their bytes, in each zstd frame that begins in them, and in each value of a database's tables. Prints
"FILE: STRING (where)" for each that it finds; exit code 1 when there is one."""
import ctypes
import ctypes.util
import os
import re
import sqlite3
import sys

zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
zstd.ZSTD_freeDCtx.argtypes = [ctypes.c_void_p]
zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
zstd.ZSTD_isError.argtypes = [ctypes.c_size_t]
MAGIC = b"\x28\xb5\x2f\xfd"


class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


zstd.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.POINTER(Buffer), ctypes.POINTER(Buffer)]


def unpack(data):
    """What the frame at the beginning of data holds, as far as it can be read."""
    context = zstd.ZSTD_createDCtx()
    source = ctypes.create_string_buffer(data, len(data))
    taken = Buffer(ctypes.cast(source, ctypes.c_void_p), len(data), 0)
    room = ctypes.create_string_buffer(1 << 20)
    out = b""
    while len(out) < 64 << 20:
        given = Buffer(ctypes.cast(room, ctypes.c_void_p), len(room), 0)
        left = zstd.ZSTD_decompressStream(context, ctypes.byref(given), ctypes.byref(taken))
        out += room.raw[:given.pos]
        if zstd.ZSTD_isError(left) or left == 0 or (given.pos == 0 and taken.pos == len(data)):
            break
    zstd.ZSTD_freeDCtx(context)
    return out


def texts(data):
    yield "bytes", data
    for at in re.finditer(re.escape(MAGIC), data):
        yield "a frame", unpack(data[at.start():at.start() + (1 << 20)])


def values(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    db.text_factory = bytes
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        table = table.decode()
        for row in db.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                if isinstance(value, bytes):
                    yield table, unpack(value) if value.startswith(MAGIC) else value
    db.close()


def main(top, words):
    found = 0
    for where, _, names in os.walk(top):
        for name in sorted(names):
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                data = file.read()
            parts = list(texts(data))
            if data.startswith(b"SQLite format 3\0"):
                parts += values(path)
            for word in words:
                places = {place for place, text in parts if word.lower().encode() in text.lower()}
                for place in sorted(places):
                    found += 1
                    print(f"{os.path.relpath(path, top)}: {word} ({place})")
    return 1 if found else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
