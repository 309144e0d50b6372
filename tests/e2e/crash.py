"""The crash test: webhooks come in while foyer's processes are killed again and again, against a
mock that answers 429 and 503 now and then, drops connections before and after it accepted a
reply, delays, and shows messages late.

In the end every event that was acknowledged has exactly one reply at the mock, or its run is
parked behind a write whose fate is unknown; none is lost, none is doubled.

    crash.py FOYER DIRECTORY [--events N] [--kills N] [--seed N]

Prints one line of JSON with what it counted; exit code 1 when the promise was broken.
"""
import argparse
import json
import os
import random
import sys
import time

from crash_agency import KEY, Agency, http, say, wait_for

PARKED = 6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("foyer")
    parser.add_argument("directory")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=240, help="seconds until everything must have ended")
    args = parser.parse_args()
    chance = random.Random(args.seed)
    agency = Agency(os.path.abspath(args.foyer), os.path.abspath(args.directory))
    agency.start_mock(args.seed)
    try:
        agency.make()
        agency.start_serve()
        hook = http("POST", agency.mock + "/_mock/webhook",
                    {"url": f"http://127.0.0.1:{agency.port}/hooks/front", "scheme": "application", "key": KEY})
        assert hook["challenge"]["echoed"], hook
        http("POST", agency.mock + "/_mock/chaos",
             {"p429": 0.02, "p503": 0.003, "drop_before": 0.0005, "drop_after": 0.01, "delay_ms": 20, "late_ms": 2000})
        http("POST", agency.mock + "/_mock/burst", {"count": args.events, "distinct": True})

        for number in range(args.kills):
            # spread over the run of the events, wherever the processes are then
            share = (number + chance.random()) / args.kills
            wait_for("progress", 60, lambda: len(agency.query(
                "SELECT id FROM run WHERE state IN (6, 7, 8, 9, 10)")) >= share * args.events * 0.9)
            time.sleep(chance.random() * 0.05)
            what = chance.choice(["workers", "server", "both"])
            agency.kill(what)
            say(f"kill {number + 1}: {what}")

        def delivered():
            summary = http("GET", agency.mock + "/_mock/deliveries?summary=1")
            return summary["pending"] == 0 and summary["coming"] == 0

        def settled():
            active = agency.query("SELECT count(*) FROM run WHERE state < 6")[0][0]
            waiting = agency.query("SELECT count(*) FROM delivery WHERE state = 0")[0][0]
            return active == 0 and waiting == 0

        ended = wait_for("the mock's deliveries", args.limit, delivered)
        ended = wait_for("foyer's runs", args.limit, settled) and ended
        return judge(agency, args, ended)
    finally:
        agency.stop()


def judge(agency, args, ended):
    deliveries = http("GET", agency.mock + "/_mock/deliveries")["deliveries"]
    acknowledged = {d["conversation"] for d in deliveries if d.get("acknowledged_at") and "inbound" in d["type"]}
    replies = http("GET", agency.mock + "/_mock/replies?count=1")["replies"]
    runs = {row[0]: row for row in agency.query("SELECT conversation, id, state, kind, reason FROM run")}
    lost, doubled, parked, wrongly_parked, other = [], [], [], [], []
    for conversation in sorted(acknowledged):
        count = replies.get(conversation, 0)
        run = runs.get(conversation)
        if count > 1:
            doubled.append(conversation)
        elif run and run[2] == PARKED:
            parked.append(conversation)
            if run[3] != "uncertain":
                wrongly_parked.append(run)
        elif count == 0:
            lost.append((conversation, run))
        elif not run or run[2] != 7:
            other.append((conversation, run))
    for conversation, count in replies.items():
        if conversation not in acknowledged and count > 1:
            doubled.append(conversation)
    result = {
        "events": args.events, "kills": args.kills, "seed": args.seed, "ended": ended,
        "acknowledged": len(acknowledged), "replied": sum(1 for c in acknowledged if replies.get(c)),
        "parked": len(parked), "lost": len(lost), "doubled": len(doubled), "other": len(other),
    }
    print(json.dumps(result), flush=True)
    for name, found in (("lost", lost), ("doubled", doubled), ("parked for another reason", wrongly_parked),
                        ("not done", other)):
        for item in found[:10]:
            say(f"{name}: {item}")
    allowed = max(1, args.events // 100)
    for reason, number in agency.query("SELECT substr(text, 1, 160), count(*) FROM history WHERE what = 'confirming' "
                                       "AND run IN (SELECT id FROM run WHERE state = 6) GROUP BY 1 LIMIT 10"):
        say(f"parked: {number} x {reason}")
    fine = (ended and len(acknowledged) > args.events * 0.5 and not lost and not doubled and not wrongly_parked
            and not other and len(parked) <= allowed)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
