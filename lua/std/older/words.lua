-- Its name until 2026-12; now cli_args.
return (...).part("cli_args")
