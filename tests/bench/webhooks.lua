-- wrk's part of BENCH=webhooks: signed application events of 2 KB. After `--`: the signing key, the
-- company, and either how many events are prepared, each for a made-up conversation of its own, or a
-- file with one conversation's id on each line. Prints "result ACKNOWLEDGED/S P50-MS P99-MS REFUSED".
local ffi = require("ffi")

ffi.cdef [[
  const void *EVP_sha256(void);
  unsigned char *HMAC(const void *md, const void *key, int key_len, const unsigned char *data,
    size_t len, unsigned char *out, unsigned int *out_len);
  int EVP_EncodeBlock(unsigned char *out, const unsigned char *in, int len);
]]

local BODY = 2048
local crypto = ffi.load("crypto.so.3")

local function base64_hmac(key, text)
  local mac, out = ffi.new("unsigned char[32]"), ffi.new("unsigned char[48]")
  crypto.HMAC(crypto.EVP_sha256(), key, #key, text, #text, mac, nil)
  return ffi.string(out, crypto.EVP_EncodeBlock(out, mac, 32))
end

-- An event in the form of Front's application webhooks, with a text that fills it up.
local function event(company, conversation, n, at)
  local head = ('{"authorization":{"id":"%s"},"type":"inbound_received","payload":{"id":"evt_%s",'
    .. '"type":"inbound","emitted_at":%d,"conversation":{"id":"%s","subject":"Where are my boots?",'
    .. '"status":"unassigned","assignee":null,"recipient":{"handle":"ana@mail.example","role":"from"},'
    .. '"tags":[],"created_at":%d,"is_private":false},"source":{"_meta":{"type":"inboxes"},"data":[]},'
    .. '"target":{"_meta":{"type":"message"},"data":{"id":"msg_%s","type":"email","is_inbound":true,'
    .. '"text":"'):format(company, n, at, conversation, at, n)
  local tail = '"}}}}'
  return head .. ("The boots that I ordered last week. "):rep(60):sub(1, BODY - #head - #tail) .. tail
end

local requests, next_request = {}, 0

function init(args)
  local key, company, what = args[1], args[2], args[3]
  local at = os.time()
  local stamp = at .. "000"
  local function add(conversation)
    local n = ("%x%05x"):format(at % 0xffffff, #requests)
    local body = event(company, conversation or "cnv_" .. n, n, at)
    requests[#requests + 1] = wrk.format("POST", "/hooks/front", {
      ["Content-Type"] = "application/json",
      ["X-Front-Request-Timestamp"] = stamp,
      ["X-Front-Signature"] = base64_hmac(key, stamp .. ":" .. body),
    }, body)
  end
  if tonumber(what) then
    for _ = 1, tonumber(what) do add() end
  else
    for conversation in io.lines(what) do add(conversation) end
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(("result %.1f %.3f %.3f %d\n"):format(
    (summary.requests - errors.status) / summary.duration * 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
