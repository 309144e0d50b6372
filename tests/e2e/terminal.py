"""A person at a terminal: terminal.py [WANT SEND]... -- COMMAND...

Runs COMMAND with a pseudo-terminal as its standard input, output and error. For each pair it
waits until what COMMAND prints after the last match holds WANT, and types SEND (\\n is Enter,
\\x03 Ctrl-C; BACK stands for the address that a browser ends at which opens the link that was
printed). Prints one JSON object when COMMAND has ended: shown (all that the terminal
showed), status (as a shell has it) and echo, sane: whether the terminal still echoes, and
whether it still reads lines."""
import fcntl
import http.client
import json
import os
import re
import select
import signal
import sys
import termios
import urllib.parse

LIMIT_S = 60
steps, command = sys.argv[1:], []
command = steps[steps.index("--") + 1:]
steps = steps[:steps.index("--")]
master, slave = os.openpty()
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    os.closerange(3, 64)
    os.execvp(command[0], command)
os.close(slave)
signal.alarm(LIMIT_S)


def read():
    """What is printed next; b"" when COMMAND and its children have ended."""
    try:
        return os.read(master, 4096)
    except OSError:  # EIO: the other side is closed
        return b""


def back():
    """Where the consent page sends a browser that says yes."""
    link = urllib.parse.urlsplit(re.search(rb"^(http\S+)\r$", shown, re.M)[1].decode())
    browser = http.client.HTTPConnection(link.netloc, timeout=LIMIT_S)
    browser.request("GET", f"{link.path}?{link.query}")
    return browser.getresponse().getheader("Location")


shown, after = b"", 0
for want, send in zip(steps[::2], steps[1::2]):
    while shown.find(want.encode(), after) < 0:
        chunk = read()
        if not chunk:
            sys.exit(f"never printed: {want}\nshown: {shown.decode(errors='replace')}")
        shown += chunk
    after = shown.find(want.encode(), after) + len(want.encode())
    typed = send.encode().decode("unicode_escape")
    os.write(master, (typed.replace("BACK", back()) if "BACK" in typed else typed).encode())
while select.select([master], [], [])[0]:
    chunk = read()
    if not chunk:
        break
    shown += chunk
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
flags = termios.tcgetattr(master)[3]
print(json.dumps({"shown": shown.decode(errors="replace").replace("\r\n", "\n"),
                  "status": status if status >= 0 else 128 - status,
                  "echo": bool(flags & termios.ECHO), "sane": bool(flags & termios.ICANON)}))
