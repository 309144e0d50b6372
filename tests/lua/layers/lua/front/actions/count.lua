-- Returns pages of two numbers up to input.last, or the same page without end.
return {
  summary = "Counts.",
  effect  = "read",
  input   = { next = { "integer", default = 0 }, last = { "integer", default = 3 }, same = { "boolean" } },
  run     = function(_, input)
    local n = input.next
    local page = { results = { { id = n, page = n }, { id = n + 1, page = n } } }
    if input.same or n == -1 then page.next = -1 elseif n < input.last then page.next = n + 1 end
    return page
  end,
}
