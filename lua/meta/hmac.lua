---@meta
error("definition file: do not run")

--# HMAC
-- A key may be a secret: C opens it, the script holds the handle only.

hmac = {}

---HMAC-SHA256 of DATA.
---@param key string|userdata  text or a secret
---@param data string
---@param encoding? "hex"|"base64"  "hex" when left out
---@return string mac
function hmac.sha256(key, data, encoding) end

---HMAC-SHA1 of DATA, for systems that still sign with it.
---@param key string|userdata  text or a secret
---@param data string
---@param encoding? "hex"|"base64"  "hex" when left out
---@return string mac
function hmac.sha1(key, data, encoding) end

---Whether two texts or secrets are the same, in a time that tells nothing about where they differ. Compare signatures with
---it, never with `==`.
---@param a string|userdata
---@param b string|userdata
---@return boolean
function hmac.equal(a, b) end
