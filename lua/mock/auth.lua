-- Who may ask: one token for the company, perhaps one of a teammate.
local mock = ...

return function(app)
  local auth = {
    token = mock.options.token or "mock-token",
    teammate_token = mock.options.teammate_token,
  }

  -- nil, or the 401 as captured.
  function auth.check(request)
    if not request.token then return app.answers.error(401, "JSON Web Token error") end
    if request.token == auth.token then return nil end
    if auth.teammate_token and request.token == auth.teammate_token then return nil end
    return app.answers.error(401, "Invalid token")
  end

  -- What the log shows instead of the header.
  function auth.redact(request)
    if not request.headers.authorization then return nil end
    if not request.token then return "(no bearer token)" end
    return auth.check(request) and "Bearer (unknown token)" or "Bearer (token)"
  end

  return auth
end
