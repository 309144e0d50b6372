---@meta
error("definition file: do not run")

--# HMAC
-- A key may be a secret: foyer opens it outside of Lua, and the script has the handle only.

hmac = {}

---HMAC-SHA256 of DATA.
---@param key string|userdata  text or a secret
---@param data string
---@param encoding? "hex"|"base64"  "hex" by default
---@return string mac
function hmac.sha256(key, data, encoding) end

---HMAC-SHA1 of DATA, for systems that still sign with it.
---@param key string|userdata  text or a secret
---@param data string
---@param encoding? "hex"|"base64"  "hex" by default
---@return string mac
function hmac.sha1(key, data, encoding) end

---Whether two texts or secrets are equal. The time that it takes does not depend on where they differ: compare signatures
---with it, not with `==`.
---@param a string|userdata
---@param b string|userdata
---@return boolean
function hmac.equal(a, b) end
