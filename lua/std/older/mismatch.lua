-- Until 2026-12 a part of its own; now in values.
local values = (...).part("values")

return {
  describe = values.describe, show = values.show, id = values.not_an_id, key = values.unknown_key,
}
