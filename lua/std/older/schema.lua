-- Until 2026-12 a part of its own; now in values and errors.
local std = ...
local values = std.part("values")

return { apply = values.apply, is_id = values.is_id, describe = std.part("errors").field_type }
