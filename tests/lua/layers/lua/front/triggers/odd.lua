-- Fires for "odd" events. The event says which mistake the trigger makes.
return {
  summary = "Something odd happened.",
  on      = { "odd" },
  fires   = function(event)
    local payload = event.payload
    if payload.raise then error(payload.raise, 0) end
    payload.changed = true
    return payload.fires ~= false, payload.why
  end,
  key     = function(event)
    local payload = event.payload
    if payload.raise_key then error({ kind = "auth", message = payload.raise_key }) end
    if payload.long then return ("x"):rep(payload.long) end
    if payload.bytes then return "\xff" end
    return payload.key
  end,
}
