-- The table of Front's operations and the actions that send them (tests/data/front/operations.tsv) against Front's
-- description, and the files of the actions against the table.

local std, t = ...

local DATA = "tests/data/front/"

local facts = t.json(t.read(DATA .. "core-api.facts.json"))

local described, deprecated, count = {}, 0, 0
for path, methods in pairs(facts.paths) do
  for method, operation in pairs(methods) do
    count = count + 1
    if operation.deprecated then
      deprecated = deprecated + 1
    else
      described[operation.operationId] = method:upper() .. " " .. path
    end
  end
end
t.equal(count, 244, "operations that Front describes")
t.equal(deprecated, 11, "operations that Front deprecated")

local listed, actions, rows = {}, {}, 0
for line in t.read(DATA .. "operations.tsv"):gmatch("[^\n]+") do
  local id, method, path, names = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)$")
  t.equal(id ~= nil, true, "four columns: " .. line)
  if id ~= "operation" then -- the headings
    rows = rows + 1
    t.equal(listed[id], nil, id .. " has one row")
    t.equal(method .. " " .. path, described[id], id .. " is an operation that is not deprecated")
    listed[id] = true
    for name in names:gmatch("[^,]+") do
      t.equal(name:match("^%l[%l%-]+%l$"), name, "plain name: " .. name)
      actions[name] = true
    end
  end
end
t.equal(rows, 233, "rows of the table")

for _, file in ipairs(std.list("lua/front/actions")) do
  local name = file:gsub("%.lua$", "")
  if std.read("lua/front/actions/" .. file, 3) then -- not one of tests/lua/layers
    t.equal(actions[name], true, "the table has the action " .. name)
  end
end

for name in pairs(actions) do
  t.equal(std.read("lua/front/actions/" .. name .. ".lua", 3) ~= nil, true, "there is an action " .. name)
end
