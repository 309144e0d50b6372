return {
  summary = "x",
  effect  = "raed",
  input   = { a = { "strng" } },
  rnu     = function() end,
}
