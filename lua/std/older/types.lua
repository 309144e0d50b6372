-- Until 2026-12 a part of its own; now in values.
local values = (...).part("values")
local checks = values.checks

return {
  number = checks.number, time = checks.time, file = checks.file, list = checks.list,
  is_type = values.is_type, names = values.type_names,
}
