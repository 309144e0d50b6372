"""The crash test for recipes that do more than reply once. Three clients share one company: two of them
send the same text, one sends two replies through an override. Other recipes create contacts, sleep, wait
for a second event and walk pages. Meanwhile foyer's processes are killed, and workers are stopped and go on.

In the end each write of each run is at the mock exactly once, or the run is parked behind a write that
cannot be told; no acknowledged event is without its runs.

With --freezes workers are stopped where it matters most: one between a write's intent and its request, one between
the request and its outcome, in turn, for longer than it takes the others to take its runs over.

    crash_mix.py FOYER DIRECTORY [--events N] [--kills N] [--stops N] [--stop-seconds S] [--freezes N]
        [--freeze-seconds S] [--seed N]

Prints one line of JSON with what it counted; exit code 1 when the promise was broken.
"""
import argparse
import collections
import html
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

from crash_agency import KEY, Agency, http, say, wait_for

PARKED, DONE = 6, 7
SETTINGS = """return { timezone = "UTC", public_url = "http://127.0.0.1", confirm = { "1s", "4s", "LAST" },
  apps = { front = { client_id = "mock-client", client_secret = secret "front.client_secret",
    signing_key = secret "front.signing_key" } } }
"""
PATIENT = "{ retry = { attempts = 50 } }"
CLIENTS = (
    ("acme", f'{{ ["first-reply"] = {PATIENT}, contact = {PATIENT}, second = {PATIENT} }}'),
    ("beta", f'{{ ["first-reply"] = {PATIENT}, sleeper = {PATIENT} }}'),
    ("gamma", f"{{ greet = {PATIENT} }}"),
)
RECIPE = 'return {{ summary = "{0}", on = "front/conversation-created", run = function(ctx, event)\n  ' \
    'local id = event.payload.conversation.id\n  {1}\nend }}\n'
REPLY = 'ctx.call("front/send-conversation-reply", {{ conversation_id = id, body = "{0} " .. id{1} }})'
FILES = {
    "templates/first-reply.txt": "We got it.\n",
    "recipes/greet.lua": RECIPE.format("Greets twice", REPLY.format("First of", "")),
    "recipes/contact.lua": RECIPE.format("Creates a contact", 'ctx.call("front/create-contact", { handles = '
                                         '{ { handle = id .. "@contacts.example", source = "email" } } })'),
    "recipes/sleeper.lua": RECIPE.format("Sleeps", 'ctx.sleep("2s")\n  '
                                         + REPLY.format("Slept on", ', type = "comment"')),
    "recipes/second.lua": RECIPE.format(
        "Waits for the assignment", 'local seen = ctx.wait_for("front/conversation-assigned", '
        '{ ["payload.conversation.id"] = id }, "2h")\n  if not seen then error("the wait has timed out") end\n  '
        + REPLY.format("Assigned", "")),
    "recipes/walk.lua": 'return { summary = "Comments on each conversation", retry = { attempts = 200 }, run = function(ctx)\n'
        '  return ctx.each("front/list-conversations", { limit = 5 }, {}, function(conversation)\n'
        '    local id = conversation.id\n    ' + REPLY.format("Walked", ', type = "comment"')
        + '\n  end, { unique = "id" })\nend }\n',
    "clients/gamma/lua/front/actions/send-conversation-reply.lua":
        'return super { run = function(ctx, input, base)\n  local first = base(ctx, input)\n'
        '  input.body = "Second of " .. input.conversation_id\n  base(ctx, input)\n  return first\nend }\n',
}
LISTENING = [("acme", "first-reply"), ("acme", "contact"), ("acme", "second"), ("beta", "first-reply"),
             ("beta", "sleeper"), ("gamma", "greet")]


def writes(recipe, conversation, walked):
    """What a run that is done has written: (kind, conversation, text) each."""
    return {
        "first-reply": [("message", conversation, "We got it.")],
        "greet": [("message", conversation, f"First of {conversation}"),
                  ("message", conversation, f"Second of {conversation}")],
        "contact": [("contact", None, f"{conversation}@contacts.example")],
        "sleeper": [("comment", conversation, f"Slept on {conversation}")],
        "second": [("message", conversation, f"Assigned {conversation}")],
        "walk": [("comment", other, f"Walked {other}") for other in walked],
    }[recipe]


def uncertain_of(runs):
    """The conversations that parked walks wrote to."""
    return [m.group(1) for run in runs if run[1] == "walk" and run[3] == PARKED
            for m in re.finditer(r"/conversations/([^/]+)/", run[5])]


def is_there(run, counts, walked):
    """Whether the write that a parked run could not tell is at the mock, by its text alone."""
    _, recipe, conversation, _, _, reason, _ = run
    if recipe == "first-reply":  # two runs send the same
        return False
    keys = writes(recipe, conversation, walked)
    if recipe == "walk":
        other = re.search(r"/conversations/([^/]+)/", reason).group(1)
        keys = [("comment", other, f"Walked {other}")]
    return all(counts[key] for key in keys)


def bare(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip()


def found(agency, conversations):
    """What is at the mock, counted."""
    http("DELETE", agency.mock + "/_mock/chaos")
    counts = collections.Counter()
    for conversation, replies in http("GET", agency.mock + "/_mock/replies")["replies"].items():
        counts.update(("message", conversation, bare(reply["body"])) for reply in replies)
    for conversation in set(conversations):
        thread = http("GET", f"{agency.mock}/_mock/conversations/{conversation}")
        counts.update(("comment", conversation, bare(comment["body"])) for comment in thread["comments"])
    lines = agency.run("call", "front/list-contacts", "--client", "acme", "--all", "--json", "limit=100")
    for contact in map(json.loads, lines.splitlines()):
        counts.update(("contact", None, handle["handle"]) for handle in contact["handles"])
    return counts


class Customers(threading.Thread):
    """Write in one after the other; a teammate is assigned to each conversation at once."""

    def __init__(self, agency, count):
        super().__init__(daemon=True)
        self.agency, self.count, self.conversations = agency, count, []
        self.failure = None

    def run(self):
        try:
            for number in range(self.count):
                answer = http("POST", self.agency.mock + "/_mock/inbound", {
                    "from": f"c{number}@mail.example", "subject": f"Letter {number}", "body": "Hello"})
                conversation = answer["conversation"]["id"]
                http("POST", self.agency.mock + "/_mock/assign", {
                    "conversation": conversation, "teammate": "alt:email:leela@acme.example"})
                self.conversations.append(conversation)
        except Exception as e:  # the main thread tells it
            self.failure = e


def early_conversations(agency, count):
    out = []
    for number in range(count):
        answer = http("POST", agency.mock + "/_mock/inbound", {
            "from": f"early{number}@mail.example", "subject": f"Early {number}", "body": "Hello"})
        out.append(answer["conversation"]["id"])
    return out


def begin(agency, args):
    """Starts everything; returns the conversations that the walk finds."""
    agency.count = 2
    agency.make(SETTINGS.replace("LAST", args.last_look), CLIENTS)
    for path, text in FILES.items():
        agency.write(path, text)
    agency.run("check")
    walked = early_conversations(agency, args.walked)
    agency.start_serve()
    hook = http("POST", agency.mock + "/_mock/webhook",
                {"url": f"http://127.0.0.1:{agency.port}/hooks/front", "scheme": "application", "key": KEY})
    assert hook["challenge"]["echoed"], hook
    http("POST", agency.mock + "/_mock/webhooks-faults", {"retry": [1, 5, 10, 20]})
    http("POST", agency.mock + "/_mock/chaos",
         {"p429": 0.02, "p503": 0.002, "drop_before": 0.0005, "drop_after": 0.02, "delay_ms": 20, "late_ms": 2000})
    return walked


def walk(agency, chance):
    """Starts the walk by hand and kills it in its midst; a worker goes on with the run."""
    process = subprocess.Popen([agency.foyer, "-w", agency.dir, "run", "walk", "--client", "acme"], env=agency.env,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for("the walk's run", 60, lambda: agency.query("SELECT id FROM run WHERE recipe = 'walk'"))
    time.sleep(chance.random())
    process.kill()
    process.wait()


def stop_a_worker(agency, chance, seconds):
    """A worker stands still for SECONDS, as in a suspended machine, while the other goes on."""
    pids = agency.workers()
    if not pids:
        return
    pid = chance.choice(pids)
    try:
        os.kill(pid, signal.SIGSTOP)
        say(f"stopped worker {pid} for {seconds} s")
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        say(f"worker {pid} had gone")


POINTS = "intent kept", "outcome known"


def is_stopped(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "T"
    except FileNotFoundError:
        return False


def freeze_a_worker(agency, seconds, counts):
    """A worker of its own stops itself at the next point while the agency's workers take its runs over."""
    point = POINTS[counts["freezes"] % len(POINTS)]
    counts["freezes"] += 1
    env = dict(agency.env, FOYER_TEST_PAUSE=point)
    with open(os.path.join(agency.dir, "frozen.log"), "ab") as log:
        worker = subprocess.Popen([agency.foyer, "-w", agency.dir, "work"], env=env, stdout=log, stderr=log)
    if not wait_for("a worker that stops itself", 60, lambda: is_stopped(worker.pid)):
        worker.kill()
        worker.wait()
        counts["never"] += 1
        return None
    owner = f"{worker.pid}-%"
    held = [row[0] for row in agency.query(f"SELECT id FROM run WHERE state = 1 AND owner LIKE '{owner}'")]
    say(f"froze worker {worker.pid} at {point!r} with {len(held)} runs for {seconds} s")

    def thaw():
        time.sleep(seconds)
        left = agency.query(f"SELECT count(*) FROM run WHERE state = 1 AND owner LIKE '{owner}'")[0][0]
        counts["frozen"] += len(held)
        counts["taken over"] += len(held) - left
        os.kill(worker.pid, signal.SIGCONT)
        say(f"thawed worker {worker.pid}: {len(held) - left} of {len(held)} runs were taken over")
        try:
            counts[f"exit {worker.wait(60)}"] += 1
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
            counts["killed"] += 1

    thread = threading.Thread(target=thaw, daemon=True)
    thread.start()
    return thread


def torture(agency, args, chance, customers):
    todo = ["kill"] * args.kills + ["stop"] * args.stops + ["freeze"] * args.freezes
    chance.shuffle(todo)
    counts, frozen = collections.Counter(), []
    for number, what in enumerate(todo):
        # spread over the writes, wherever the processes are then
        share = (number + chance.random()) / len(todo)
        wait_for("progress", 120, lambda: not customers.is_alive() or agency.query(
            f"SELECT count(*) FROM run WHERE state IN ({PARKED}, {DONE})")[0][0]
            >= share * args.events * len(LISTENING) * 0.9)
        time.sleep(chance.random() * 0.05)
        if what == "stop":
            stop_a_worker(agency, chance, args.stop_seconds)
        elif what == "freeze":
            frozen.append(freeze_a_worker(agency, args.freeze_seconds, counts))
        else:
            process = chance.choice(["workers", "server", "both"])
            agency.kill(process)
            say(f"kill {number + 1}: {process}")
    for thread in filter(None, frozen):
        thread.join()
    return counts


def overtaken(agency):
    """Runs whose second event fired before their own: a kill may put the first delivery off, and
    ctx.wait_for sees what fires after the run's own event."""
    return {row[0] for row in agency.query(
        "SELECT r.id FROM run r JOIN activation a ON a.client = r.client AND a.conversation = r.conversation "
        "WHERE r.recipe = 'second' AND r.state = 3 AND a.trigger = 'front/conversation-assigned' "
        "AND a.id < r.activation")}


def settle(agency, args):
    def delivered():
        summary = http("GET", agency.mock + "/_mock/deliveries?summary=1")
        return summary["pending"] == 0 and summary["coming"] == 0

    def settled():
        active = {row[0] for row in agency.query(f"SELECT id FROM run WHERE state < {PARKED}")} - overtaken(agency)
        waiting = agency.query("SELECT count(*) FROM delivery WHERE state = 0")[0][0]
        return not active and waiting == 0

    ended = wait_for("the mock's deliveries", args.limit, delivered)
    if not wait_for("foyer's runs", args.limit, settled):
        for row in agency.query(f"SELECT id, client, recipe, conversation, state, kind, reason, due_ms, attempts "
                                f"FROM run WHERE state < {PARKED} LIMIT 20"):
            say(f"not settled: {row}")
        return False
    return ended


def judge(agency, args, conversations, walked, ended, frozen):
    deliveries = http("GET", agency.mock + "/_mock/deliveries")["deliveries"]
    acknowledged = {}
    for kind in ("inbound", "assign"):
        acknowledged[kind] = {d["conversation"] for d in deliveries if d.get("acknowledged_at") and d["type"] == kind
                              or d.get("acknowledged_at") and d["type"].startswith(kind + "_")}
    runs = agency.query("SELECT client, recipe, conversation, state, kind, reason, id FROM run")
    counts = found(agency, conversations + walked + uncertain_of(runs))
    have = {(client, recipe, conversation) for client, recipe, conversation, *_ in runs}
    missing = [(client, recipe, c) for c in acknowledged["inbound"] for client, recipe in LISTENING
               if (client, recipe, c) not in have]
    late = overtaken(agency)
    done, parked, other, wrongly = collections.Counter(), collections.Counter(), [], []
    for run in runs:
        client, recipe, conversation, state, kind = run[:5]
        keys = writes(recipe, conversation, walked)
        if state == DONE:
            done.update(keys)
        elif state == PARKED:
            parked.update(keys)
            if kind != "uncertain" or is_there(run, counts, walked):
                wrongly.append(run)
        elif run[6] not in late and (recipe != "second" or conversation in acknowledged["assign"]):
            other.append(run)
    keys = set(done) | set(parked)
    lost = [key for key in keys if counts[key] < done[key]]
    doubled = [key for key in keys if counts[key] > done[key] + parked[key]]
    doubled += [key for key, count in counts.items() if count > 1 and key not in keys and key[0] != "contact"]
    waiting = sum(1 for run in runs if run[3] == PARKED)
    print(json.dumps({
        "events": args.events, "kills": args.kills, "stops": args.stops, "freezes": frozen, "seed": args.seed,
        "ended": ended,
        "acknowledged": len(acknowledged["inbound"]), "runs": len(runs), "writes": sum(counts[key] for key in keys),
        "parked": waiting, "overtaken": len(late), "wrongly parked": len(wrongly), "missing": len(missing), "lost": len(lost),
        "doubled": len(doubled), "other": len(other),
    }), flush=True)
    for name, bad in (("missing", missing), ("lost", lost), ("doubled", doubled), ("wrongly parked", wrongly),
                      ("not done", other)):
        for item in bad[:10]:
            say(f"{name}: {item}")
    fine = (ended and len(acknowledged["inbound"]) > args.events * 0.5 and ("acme", "walk", None) in have
            and not (missing or lost or doubled or wrongly or other or frozen["killed"])
            and waiting <= max(2, len(runs) // 100))
    return 0 if fine else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("foyer")
    parser.add_argument("directory")
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--walked", type=int, default=23, help="conversations that the walk finds")
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--stop-seconds", type=float, default=40)
    parser.add_argument("--freezes", type=int, default=0)
    parser.add_argument("--freeze-seconds", type=float, default=60)
    parser.add_argument("--last-look", default="20s", help="after a lost answer; from 60s on a comment can be absent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=240, help="seconds until everything must have ended")
    args = parser.parse_args()
    chance = random.Random(args.seed)
    agency = Agency(os.path.abspath(args.foyer), os.path.abspath(args.directory))
    agency.start_mock(args.seed)
    try:
        walked = begin(agency, args)
        customers = Customers(agency, args.events)
        customers.start()
        walk(agency, chance)
        frozen = torture(agency, args, chance, customers)
        customers.join()
        if customers.failure:
            raise customers.failure
        ended = settle(agency, args)
        return judge(agency, args, customers.conversations, walked, ended, frozen)
    finally:
        agency.stop()


if __name__ == "__main__":
    sys.exit(main())
