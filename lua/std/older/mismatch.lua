-- Until 2026-12 a part of its own; now in errors.
local errors = (...).part("errors")

return {
  describe = errors.field_type, show = errors.show, id = errors.not_an_id, key = errors.unknown_key,
}
