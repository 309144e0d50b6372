return {
  summary = "What it costs to start an attempt: this action does nothing.",
  effect  = "read",
  input   = { id = { "string", required = true } },
  run     = function(_, input)
    return { id = input.id }
  end,
}
