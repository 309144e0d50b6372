return {
  summary = "One request.",
  run = function(ctx)
    return ctx.http.get("/item", { connection = "front" })
  end,
}
