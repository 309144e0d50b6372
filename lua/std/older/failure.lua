-- Until 2026-12 a part of its own; now in errors.
return (...).part("errors")
