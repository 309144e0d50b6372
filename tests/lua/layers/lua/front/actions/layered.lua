-- The workspace's file; the client acme has one above it.
return {
  summary = "From the workspace.",
  effect  = "read",
  scopes  = { "a", "b" },
  input   = {
    text  = { "string", default = "w", about = "A text." },
    count = { "integer", default = 1, max = 5 },
  },
  run     = function(_, input)
    input.text = input.text .. " base"
    return { text = input.text, count = input.count, list = { 1, 2 } }
  end,
}
