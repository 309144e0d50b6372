-- Its name until 2026-12; now recipe_settings.
return (...).part("recipe_settings")
