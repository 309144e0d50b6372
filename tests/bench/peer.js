// peer.js FILE KEY: what foyer serve is measured against: a webhook receiver for Node.js (22.5 or newer)
// that verifies the same signature, keeps the body in SQLite and answers when that is committed.
// One commit is for all that came in one turn of the loop. Prints its port.
const http = require('node:http');
const { createHmac, timingSafeEqual } = require('node:crypto');
const { DatabaseSync } = require('node:sqlite');

const [file, key] = process.argv.slice(2);
const db = new DatabaseSync(file);
db.exec('PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
db.exec('CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, at_ms INTEGER, company TEXT, type TEXT, event TEXT, body BLOB)');
const insert = db.prepare('INSERT INTO delivery (at_ms, company, type, event, body) VALUES (?, ?, ?, ?, ?)');
const begin = db.prepare('BEGIN IMMEDIATE'), commit = db.prepare('COMMIT');

let waiting = [];

function flush() {
  const batch = waiting;
  waiting = [];
  begin.run();
  for (const { said, body } of batch)
    insert.run(Date.now(), said.authorization.id, said.type, said.payload.id, body);
  commit.run();
  for (const { answer } of batch) send(answer, 200, '{"ok":true}');
}

function send(answer, status, text) {
  answer.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length });
  answer.end(text);
}

function isSigned(headers, body) {
  const stamp = headers['x-front-request-timestamp'] ?? '';
  if (!(Math.abs(Date.now() - Number(stamp)) < 300e3)) return false;
  const mac = createHmac('sha256', key).update(stamp + ':').update(body).digest();
  const given = Buffer.from(headers['x-front-signature'] ?? '', 'base64');
  return given.length === mac.length && timingSafeEqual(given, mac);
}

const server = http.createServer((request, answer) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    if (!isSigned(request.headers, body)) return send(answer, 401, '{"ok":false}');
    let said;
    try {
      said = JSON.parse(body);
    } catch {
      return send(answer, 400, '{"ok":false}');
    }
    if (waiting.push({ said, body, answer }) === 1) setImmediate(flush);
  });
});
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port));
