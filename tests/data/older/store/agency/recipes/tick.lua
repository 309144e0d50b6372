return {
  summary = "Is due each day at noon.",
  cron = "0 12 * * *",
  run = function(ctx) return ctx.now() end,
}
