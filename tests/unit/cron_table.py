#!/usr/bin/env python3
"""Writes tests/unit/cron_table.h: what core/cron should find, computed another way.

It does what cron(8) describes and cron.c of Debian's cron does, minute by minute: the time that was dealt
with runs after the clock; when the clock jumps by less than three hours, jobs with "*" in the minute or
the hour go by the clock, the others by the time that was dealt with. Each minute's clock comes from
Python's zoneinfo. Run it by hand, with
Debian's tzdata, when cases are added. Rules after 2037 are tried with zones made up here, so that no
change of a law can break the test.
"""
import os
import time
import zoneinfo
from datetime import datetime, timedelta, timezone

UTC = timezone.utc
NAMES = {n: i for i, n in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
NAMES |= {n: i for i, n in enumerate("sun mon tue wed thu fri sat".split())}


def by_libc(footer):
    """Clocks by a POSIX rule. Python's own reading of "59", a day counted from 0, is one day early."""
    def clock(at):
        if os.environ.get("TZ") != footer:
            os.environ["TZ"] = footer
            time.tzset()
        return datetime(*time.localtime(at.timestamp())[:6])
    return clock


def values(text, low, high):
    out = set()
    for item in text.lower().split(","):
        item, _, step = item.partition("/")
        first, _, last = (f"{low}-{high}" if item == "*" else item).partition("-")
        first = NAMES.get(first) if first in NAMES else int(first)
        last = first if last == "" else NAMES.get(last) if last in NAMES else int(last)
        out |= set(range(first, last + 1, int(step or 1)))
    return out


class Cron:
    def __init__(self, text):
        minute, hour, day, month, weekday = text.split()
        self.minutes, self.hours = values(minute, 0, 59), values(hour, 0, 23)
        self.days, self.months = values(day, 1, 31), values(month, 1, 12)
        self.weekdays = {d % 7 for d in values(weekday, 0, 7)}
        self.is_wild = minute[0] == "*" or hour[0] == "*"
        self.both = day[0] == "*" or weekday[0] == "*"

    def says(self, clock):
        if clock.minute not in self.minutes or clock.hour not in self.hours or clock.month not in self.months:
            return False
        day, weekday = clock.day in self.days, clock.isoweekday() % 7 in self.weekdays
        return (day and weekday) if self.both else (day or weekday)


def slots(text, clock_at, after, count, limit):
    """Walks minute by minute: `done` is the latest clock time that was dealt with."""
    cron, out = Cron(text), []
    step, most = timedelta(minutes=1), timedelta(hours=3)

    def minute_of(at):
        return clock_at(at).replace(second=0, microsecond=0)
    after = after.replace(second=0, microsecond=0)
    at = after - timedelta(hours=26)
    done, end = minute_of(at), after + timedelta(days=limit)
    while len(out) < count and at < end:
        at += step
        clock = minute_of(at)
        hit = cron.is_wild and cron.says(clock)
        if abs(clock - step - done) >= most:  # a correction
            done = clock - step
        while done < clock:
            done += step
            hit = hit or (not cron.is_wild and cron.says(done))
        if hit and at > after:
            out.append(int(at.timestamp()))
    return out


RULES = {
    "cet": "CET-1CEST,M3.5.0,M10.5.0/3",
    "south": "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "half": "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",  # half an hour
    "backwards": "IST-1GMT0,M10.5.0,M3.5.0/1",  # Ireland: winter is the odd one
    "early": "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",  # Greenland: before midnight
    "late": "EET-2EEST,M3.4.4/50,M10.4.4/50",  # Gaza: two days later
    "julian": "AAA5BBB,J60/0,J300",  # never February 29
    "days": "AAA5BBB,59/0,300/2:30",
    "always": "AAA3BBB,0/0,J365/23",
    "plain": "<+0545>-5:45",
}

CASES = [  # (expression, zone, after, how many, days to look)
    ("* * * * *", "UTC", "2024-02-28T23:57:30", 4, 1),
    ("30 7 * * 1-5", "America/New_York", "2026-03-05T00:00:00", 5, 10),
    ("30 7 * * 1-5", "Europe/Zurich", "2026-10-22T00:00:00", 5, 10),
    ("0 9 1 * *", "Asia/Kolkata", "2026-01-01T00:00:00", 4, 130),
    ("0 9 1 * *", "Asia/Kathmandu", "2026-01-01T03:15:00", 3, 130),
    # the hour that is left out
    ("30 2 * * *", "Europe/Zurich", "2024-03-30T00:00:00", 3, 5),
    ("*/15 * * * *", "Europe/Zurich", "2024-03-31T00:20:00", 8, 1),
    ("7 * * * *", "Europe/Zurich", "2024-03-31T00:00:00", 3, 1),
    ("7 0-23 * * *", "Europe/Zurich", "2024-03-31T00:00:00", 4, 1),
    ("*/20 2 * * *", "Europe/Zurich", "2024-03-30T00:00:00", 6, 3),
    ("0 2-23/2 * * *", "Europe/Zurich", "2024-03-31T00:00:00", 3, 1),
    ("0,30 2,3 * * *", "Europe/Zurich", "2024-03-30T12:00:00", 5, 3),
    ("59 1-3 * * *", "Europe/Zurich", "2024-03-30T22:00:00", 5, 3),
    ("0 2 * * *", "America/New_York", "2025-03-08T12:00:00", 3, 4),
    ("0 3 * * *", "America/New_York", "2025-03-08T12:00:00", 3, 4),
    ("30 2 10 3 *", "America/New_York", "2024-01-01T00:00:00", 2, 500),
    ("0 0 * * *", "America/Santiago", "2024-09-06T00:00:00", 4, 6),
    ("15 0 * * *", "America/Havana", "2024-03-08T00:00:00", 4, 6),
    ("15 2 * * *", "Australia/Lord_Howe", "2024-10-04T00:00:00", 4, 6),
    ("*/10 2 * * *", "Australia/Lord_Howe", "2024-10-05T12:00:00", 6, 6),
    ("0 12 * * *", "Pacific/Apia", "2011-12-28T00:00:00", 4, 6),
    ("0 */12 * * *", "Pacific/Apia", "2011-12-28T12:00:00", 5, 6),
    ("0 0 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00", 2, 800),
    # the hour that comes twice
    ("30 2 * * *", "Europe/Zurich", "2024-10-26T00:00:00", 3, 5),
    ("*/20 * * * *", "Europe/Zurich", "2024-10-26T23:30:00", 9, 1),
    ("*/20 * * * *", "Europe/Zurich", "2024-10-27T00:45:00", 3, 1),
    ("*/20 * * * *", "Europe/Zurich", "2024-10-27T01:10:00", 3, 1),
    ("*/15 2 * * *", "Europe/Zurich", "2024-10-26T23:50:00", 9, 3),
    ("30 * * * *", "Europe/Zurich", "2024-10-26T22:45:00", 4, 1),
    ("30 0-23 * * *", "Europe/Zurich", "2024-10-26T22:45:00", 4, 1),
    ("30 */2 * * *", "Europe/Zurich", "2024-10-26T22:45:00", 4, 1),
    ("* 2 * * *", "Australia/Lord_Howe", "2025-04-05T14:55:00", 4, 1),
    ("0 1-3 * * *", "America/New_York", "2025-11-01T12:00:00", 6, 3),
    ("59 23 * * *", "America/Santiago", "2024-04-05T00:00:00", 4, 6),
    ("45 1 * * *", "Australia/Lord_Howe", "2024-04-05T00:00:00", 4, 6),
    ("30 0 * * *", "Atlantic/Azores", "2024-10-25T00:00:00", 4, 6),
    # days
    ("0 0 13 * 5", "UTC", "2024-09-01T00:00:00", 8, 60),
    ("0 0 */2 * 5", "UTC", "2024-09-01T00:00:00", 4, 90),
    ("0 0 13 * */2", "UTC", "2024-09-01T00:00:00", 4, 300),
    ("0 0 13 * *", "UTC", "2024-09-13T00:00:00", 3, 100),
    ("0 0 * * 7", "UTC", "2024-09-01T00:00:00", 3, 30),
    ("0 0 * * sat-7", "UTC", "2024-09-01T00:00:00", 4, 30),
    ("0 0 29 2 *", "UTC", "2023-03-01T00:00:00", 2, 2000),
    ("0 0 31 * *", "UTC", "2025-01-31T00:00:00", 4, 300),
    ("0 0 29 feb mon", "UTC", "2023-12-30T00:00:00", 7, 500),
    ("5 4 * jan,Jul sun", "Europe/London", "2025-06-28T00:00:00", 6, 300),
    ("0-10/5,50 22-23/1 1,15 */3 *", "Asia/Tokyo", "2025-01-01T00:00:00", 9, 30),
    ("*/59 23 31 12 *", "UTC", "2025-12-31T23:00:00", 3, 400),
    # long ago: offsets had seconds
    ("0 12 * * *", "Europe/Amsterdam", "1936-05-16T00:00:00", 3, 5),
    ("0 0 1 1 *", "America/New_York", "1883-11-01T00:00:00", 2, 500),
]
CASES += [("30 2 * * *", "=cet", f"20{y}-{m}-29T00:00:00", 4, 6) for y, m in ((41, "03"), (41, "10"), (99, "03"))]
CASES += [("*/15 1-3 * * *", f"={name}", f"2045-{month}T08:00:00", 8, 3)
          for name, month in (("south", "04-01"), ("south", "09-30"), ("half", "04-01"), ("half", "09-30"),
                              ("backwards", "03-25"), ("backwards", "10-28"))]
CASES += [("*/30 21-23 * * *", "=early", "2045-03-24T12:00:00", 8, 3), ("*/30 22-23 * * *", "=early",
          "2045-10-28T12:00:00", 8, 3), ("30 1-3 * * *", "=late", "2045-03-24T12:00:00", 8, 4),
          ("30 0-2 * * *", "=late", "2045-10-27T12:00:00", 8, 4), ("30 0 * * *", "=julian", "2044-02-28T00:00:00", 4, 5),
          ("30 0 * * *", "=julian", "2045-02-27T00:00:00", 4, 5), ("30 0 * * *", "=days", "2044-02-27T00:00:00", 4, 5),
          ("0 2 * * *", "=days", "2044-10-26T00:00:00", 4, 5),
          ("30 23,0 * * *", "=always", "2044-12-30T12:00:00", 5, 5), ("0 6 * * *", "=plain", "2045-01-01T00:00:00", 3, 5)]


def main():
    print("/* Made by tests/unit/cron_table.py. Footers of zones that are made up: */")
    print("static const struct {\n    const char *name, *footer;\n} cron_zones[] = {")
    for name, footer in RULES.items():
        print(f'    {{"={name}", "{footer}"}},')
    print("};\n\n/* What comes after AFTER, in Unix seconds; 0 ends the slots. */")
    print("static const struct {\n    const char *expr, *zone;\n    int64_t after, slots[10];\n} cron_cases[] = {")
    for text, name, after, count, limit in CASES:
        if name[0] == "=":
            clock_at = by_libc(RULES[name[1:]])
        else:
            zone = zoneinfo.ZoneInfo(name)

            def clock_at(at, tz=zone):
                return at.astimezone(tz).replace(tzinfo=None)
        start = datetime.fromisoformat(after).replace(tzinfo=UTC)
        found = slots(text, clock_at, start, count, limit)
        assert len(found) == count, (text, name, after, found)
        print(f'    {{"{text}", "{name}", {int(start.timestamp())},')
        print(f'     {{{", ".join(map(str, found))}}}}}, /* {clock_at(datetime.fromtimestamp(found[0], UTC))} */')
    print("};")


main()
