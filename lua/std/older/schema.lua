-- Its name until 2026-12; now values.
return (...).part("values")
