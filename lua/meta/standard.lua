---@meta
error("definition file: do not run")

--# STANDARD LIBRARY
-- Scripts have a part of Lua 5.4's library. A repeated run must get the same results, so nothing depends on
-- addresses, the clock or the order of a hash table. These are as in https://www.lua.org/manual/5.4/:
--
--= _VERSION assert error ipairs pcall rawequal rawget rawlen select tonumber type
--= string.byte string.char string.find string.gmatch string.gsub string.len string.lower string.match
--= string.pack string.packsize string.reverse string.sub string.unpack string.upper
--= table.pack table.unpack
--= math.abs math.acos math.asin math.atan math.ceil math.cos math.deg math.exp math.floor math.fmod math.huge
--= math.log math.max math.maxinteger math.min math.mininteger math.modf math.pi math.rad math.sin math.sqrt
--= math.tan math.tointeger math.type math.ult
--= utf8.char utf8.charpattern utf8.codepoint utf8.codes utf8.len utf8.offset
--
-- Absent, and what to use:
--
--     print                        ctx.log
--     require, load, dofile        ctx.call: a script is one file
--     os.time, os.date             ctx.now, text.time
--     os.getenv                    env "NAME" in a settings file
--     io                           an input of type "file"
--     coroutine                    requests and calls suspend the script by themselves
--     xpcall                       pcall
--     rawset                       t[key] = value
--     debug, package, collectgarbage, string.dump, math.randomseed: nothing
--
-- Writing a global is an error ("write local x"), and so is reading an unknown one. Library tables are read-only. A file
-- may have 256 KiB. An attempt may use 32 MiB of memory, 200 ms of CPU time between two waits, 5 s in all, and
-- 10,000 steps (requests, calls and readings of the clock). A pattern that takes 2 s ends the process.

---Iterates over a table in the order of its keys: numbers, then strings by their bytes, then booleans. Other keys are an
---error. `__pairs` is not used. Keys that are added meanwhile are not seen.
---@generic K, V
---@param t table<K, V>
---@return fun(t: table<K, V>): K, V
---@return table<K, V>
---@return nil
function pairs(t) end

---The smallest key of a table and its value; nil when it is empty. `next(t, key)` is an error: use `pairs`.
---@generic K, V
---@param t table<K, V>
---@return K? key
---@return V? value
function next(t) end

---As in Lua, but a table or function is shown by its type, without an address; a secret or file by its name.
---@param value any
---@return string
function tostring(value) end

---As in Lua, but it sets a copy of META: fields that are added to META later have no effect. `__gc`, `__mode` and `__pairs` are refused.
---@generic T
---@param t T
---@param meta table?
---@return T
function setmetatable(t, meta) end

---As in Lua, but returns a copy; `__metatable` replaces it.
---@param value any
---@return any
function getmetatable(value) end

---As in Lua, up to 16 MiB.
---@param s string
---@param n integer
---@param separator? string
---@return string
function string.rep(s, n, separator) end

---As in Lua, without %p; %s of a table shows "table".
---@param format string
---@param ... any
---@return string
function string.format(format, ...) end

---As in Lua, for tables of up to 100,000,000 items.
---@param list table
---@param position any  the value, when there is no third argument
---@param value? any
function table.insert(list, position, value) end

---As in Lua, for tables of up to 100,000,000 items.
---@param list table
---@param position? integer
---@return any
function table.remove(list, position) end

---As in Lua, up to 1,000,000 items.
---@param list table
---@param separator? string
---@param i? integer
---@param j? integer
---@return string
function table.concat(list, separator, i, j) end

---As in Lua, up to 1,000,000 items.
---@param list table
---@param first integer
---@param last integer
---@param to integer
---@param target? table
---@return table
function table.move(list, first, last, to, target) end

---A stable merge sort: equal items keep their order. LESS may make requests. An error in LESS leaves the list
---unchanged.
---@param list table
---@param less? fun(a: any, b: any): boolean
function table.sort(list, less) end

---As in Lua, seeded by the run: a repeated run draws the same numbers. Do not use it for what must be hard to guess.
---@overload fun(): number
---@param m integer
---@param n? integer
---@return integer
function math.random(m, n) end
