-- dry: what the answer to a write of an action might be, for a run that sends none (`std.dry()`).
local std = ...

local dry = {}

local numbers = { integer = true, number = true }
local texts = { string = true, html = true, markdown = true, template = true }

-- "dry_" stands for an id, which the request completes.
local function text_of(name, field)
  if name == "id" or name:match("_u?id$") then return "dry_" end
  if name == "status" then return "accepted" end
  return type(field.example) == "string" and field.example or ""
end

local function value_of(name, field)
  local kind = field[1]
  if field.enum then return field.enum[1] end
  if field.list then return json.array({}) end
  if field.object then return dry.shape(field.object) end
  if numbers[kind] then return 0 end
  if kind == "time" then return std.dry() end
  if kind == "boolean" then return false end
  if kind == "object" then return {} end
  if texts[kind] then return text_of(name, field) end
  return std.part("values").is_id(kind) and "dry_" or nil
end

-- Returns a value for each of FIELDS, as an action's `output` has them.
function dry.shape(fields)
  local out = {}
  for name, field in pairs(fields) do out[name] = value_of(name, field) end
  return out
end

-- Returns ACTION.run, whose writes have an answer in the shape of `output`: what a request gives is in it.
function dry.run(action)
  return function(ctx, input)
    std.dry_answer(action.output and dry.shape(action.output) or json.null)
    return action.run(ctx, input)
  end
end

return dry
