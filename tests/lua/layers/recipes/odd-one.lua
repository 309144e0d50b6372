return {
  summary = "Does something about odd things.",
  on      = "front/odd",
  cron    = "0 7 * * *",
  retry   = { attempts = 5, give_up = "2h" },
  run     = function() end,
}
