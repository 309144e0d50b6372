"""An agency under torture: a workspace, the mock Front company, `foyer serve`, and the means to kill them. For
crash.py and crash_mix.py.
"""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

KEY = "torture-signing-key"
SETTINGS = """return { timezone = "UTC", public_url = "http://127.0.0.1", confirm = { "1s", "3s", "8s" },
  apps = { front = { client_id = "mock-client", client_secret = secret "front.client_secret",
    signing_key = secret "front.signing_key" } } }
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


def http(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Agency:
    def __init__(self, foyer, directory):
        self.foyer, self.home = foyer, directory
        self.dir = os.path.join(directory, "agency")
        self.env = dict(os.environ, XDG_CONFIG_HOME=os.path.join(directory, "config"), HOME=directory)
        for name in ("FOYER_KEY_FILE", "FOYER_LUA_DIR", "FOYER_LOG", "FOYER_TEST_CLOCK"):
            self.env.pop(name, None)
        self.log = open(os.path.join(directory, "serve.log"), "ab")
        self.serve = None
        self.port = 0
        self.count = 1  # workers

    def run(self, *arguments, text=None):
        result = subprocess.run([self.foyer, "-w", self.dir, *arguments], env=self.env, input=text,
                                capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            raise SystemExit(f"foyer {' '.join(arguments)}: {result.returncode}\n{result.stderr}")
        return result.stdout

    def start_mock(self, seed):
        self.mock_process = subprocess.Popen(
            [self.foyer, "mock", "--listen", "127.0.0.1:0", "--token", "mock-token", "--seed", str(seed)],
            env=self.env, stdout=subprocess.PIPE, stderr=open(os.path.join(self.home, "mock.log"), "ab"), text=True)
        line = self.mock_process.stdout.readline().strip()
        self.mock = line.removeprefix("mock Front: ")
        http("POST", self.mock + "/_mock/limits", {"limit": 1000000})

    def make(self, settings=SETTINGS, clients=(("acme", '{ ["first-reply"] = { retry = { attempts = 50 } } }'),)):
        """A workspace whose clients, (name, recipes) each, share the mock's company."""
        subprocess.run([self.foyer, "init", self.dir], env=self.env, check=True, capture_output=True)
        shutil.rmtree(os.path.join(self.dir, "clients"))  # the example's own template and override
        self.write("foyer.lua", settings)
        token = os.path.join(self.home, "token")
        with open(token, "w") as f:
            f.write("mock-token")
        self.run("secret", "set", "front.signing_key", "--from", "-", text=KEY)
        self.run("secret", "set", "front.client_secret", "--from", "-", text="mock-secret")
        for name, recipes in clients:
            self.write(f"clients/{name}/client.lua", f'return {{ name = "{name}", replies_per_hour = 100, recipes = {recipes} }}\n')
            self.run("connect", name, "--token-file", token, "--api-url", self.mock)

    def write(self, path, text):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)

    def start_serve(self):
        self.serve = subprocess.Popen(
            [self.foyer, "-w", self.dir, "serve", "--listen", f"127.0.0.1:{self.port}", "--workers", str(self.count)],
            env=self.env, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.serve.stdout.readline().strip()
        if not line.startswith("listening: "):
            raise SystemExit(f"foyer serve did not start; see {self.log.name}")
        self.port = int(line.rsplit(":", 1)[1])

    def workers(self):
        """The processes that run scripts: serve's children."""
        try:
            with open(f"/proc/{self.serve.pid}/task/{self.serve.pid}/children") as f:
                return [int(pid) for pid in f.read().split()]
        except FileNotFoundError:
            return []

    def query(self, sql):
        store = sqlite3.connect(f"file:{self.dir}/state/foyer.db?mode=ro", uri=True, timeout=30)
        try:
            return store.execute(sql).fetchall()
        finally:
            store.close()

    def kill(self, what):
        pids = self.workers() if what != "server" else []
        if what != "workers":
            pids.append(self.serve.pid)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if what != "workers":
            self.serve.wait()
            self.start_serve()

    def stop(self):
        if self.serve:
            self.serve.terminate()
            try:
                self.serve.wait(60)
            except subprocess.TimeoutExpired:
                self.serve.kill()
        self.mock_process.terminate()
        self.mock_process.wait(20)


def wait_for(what, limit, done):
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            say(f"gave up waiting for {what}")
            return False
        time.sleep(0.1)
    return True


