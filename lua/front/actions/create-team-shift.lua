local HOURS = {
  object = {
    start   = { "string", required = true, example = "09:00", about = "When the shift begins that day." },
    ["end"] = { "string", required = true, example = "17:00", about = "When it ends." },
  },
  example = { start = "09:00", ["end"] = "17:00" },
  about   = "The hours of the day.",
}

return {
  summary = "Create a shift in a workspace.",
  effect  = "write",
  scopes  = { "shifts:write" },
  group   = "shifts",
  rare    = true,
  request = { "POST", "/teams/{team_id}/shifts" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    name    = { "string", required = true, min = 1, example = "Early", about = "The shift's name." },
    color = {
      enum = { "black", "grey", "pink", "purple", "blue", "teal", "green", "yellow", "orange", "red" }, required = true,
      example = "blue",
      about = "Its colour in the calendar.",
    },
    timezone = {
      "string", required = true, example = "Europe/Berlin",
      about = "Its time zone, by the name in the IANA database.",
    },
    times = {
      required = true,
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
      list = "teammate", required = true, example = { "leela", "fry" },
      about = "The teammates who work in it.",
    },
  },

  output = {
    id         = { "string", about = "shf_…" },
    name       = { "string" },
    color      = { "string" },
    timezone   = { "string", about = "Such as Europe/Berlin." },
    times      = { "object", about = "{start, end} by day: mon, tue, …" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },
}
