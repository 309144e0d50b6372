return super {
  summary = "From the client.",
  scopes  = { "c" },
  input   = { count = { default = 3 }, extra = { "boolean", default = true } },
  run     = function(ctx, input, base)
    input.text = input.text .. "+" .. tostring(input.extra)
    local result = base(ctx, input)
    result.over = ctx.client.name
    return result
  end,
}
