return {
  summary = "40 requests, one after the other, each answer decoded.",
  run = function(ctx)
    local total = 0
    for _ = 1, 40 do
      total = total + ctx.http.get("/item", { connection = "front" }).number
    end
    return { total = total }
  end,
}
