local HOURS = {
  object = {
    start   = { "string", required = true, example = "09:00", about = "When the shift begins that day." },
    ["end"] = { "string", required = true, example = "17:00", about = "When it ends." },
  },
  example = { start = "09:00", ["end"] = "17:00" },
  about   = "The hours of the day.",
}

return {
  summary = "Change a shift's name, colour, times or teammates.",
  effect  = "idempotent",
  scopes  = { "shifts:write" },
  group   = "shifts",
  rare    = true,
  request = { "PATCH", "/shifts/{shift_id}" },

  input = {
    shift_id = { "shift", required = true, example = "shf_1q15q", about = "The shift." },
    name     = { "string", example = "Early", about = "The shift's name." },
    color = {
      enum = { "black", "grey", "pink", "purple", "blue", "teal", "green", "yellow", "orange", "red" },
      example = "blue",
      about = "Its colour in the calendar.",
    },
    timezone = { "string", example = "Europe/Berlin", about = "Its time zone, by the name in the IANA database." },
    times = {
      object = {
        mon = HOURS,
        tue = HOURS,
        wed = HOURS,
        thu = HOURS,
        fri = HOURS,
        sat = HOURS,
        sun = HOURS,
      },
      example = { mon = { start = "09:00", ["end"] = "17:00" } },
      about = "The hours of each day of the week; a day that is left out is free.",
    },
    teammate_ids = {
      list = "teammate", example = { "leela", "fry" },
      about = "The teammates who work in it; this replaces all of them.",
    },
  },
}
