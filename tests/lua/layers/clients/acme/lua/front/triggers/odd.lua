return super {
  key = function(event, base)
    if event.payload.own then return "acme " .. base(event) end
    return base(event)
  end,
}
