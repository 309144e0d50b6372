-- Answers with lists: limit, page_token, sort_order, and `next` as a complete URL
-- (https://dev.frontapp.com/docs/pagination).
local mock = ...
local answers = mock.part("engine/answers")

return function()
  local pages = {}
  -- /_mock/paging. `cap`: at most that many results a page, below any limit. `empty`: an empty page after each full
  -- one. Front says that a page may be short although more follow.
  pages.settings = {}

  -- A page token has the position, and whether the empty page was sent, under a checksum that includes the path.
  local function checksum(path, n)
    local sum = n * 31 + 7
    for i = 1, #path do sum = (sum * 33 + path:byte(i)) & 0xffffffff end
    return sum
  end

  local function token_of(path, from, emptied)
    local n = from * 2 + (emptied and 1 or 0)
    return ("%08x%08x"):format(n ~ 0x5bd1e995, checksum(path, n))
  end

  local function parse_token(path, token)
    local a, b = token:match("^(%x%x%x%x%x%x%x%x)(%x%x%x%x%x%x%x%x)$")
    if not a then return nil end
    local n = tonumber(a, 16) ~ 0x5bd1e995
    if tonumber(b, 16) ~= checksum(path, n) then return nil end
    return n // 2, n % 2 == 1
  end

  local function without_token(query)
    local kept = {}
    for pair in query:gmatch("[^&]+") do
      if not pair:find("^page_token=") then kept[#kept + 1] = pair end
    end
    return kept
  end

  -- Checks sort_by (one of ALLOWED) and sort_order. Returns the answer when one is wrong.
  function pages.check_sort(params, allowed)
    local order = params.sort_order
    if order and order ~= "asc" and order ~= "desc" then
      return answers.error(400, "Bad request", { "sort_order: must be asc or desc" })
    end
    if not params.sort_by then return nil end
    for _, name in ipairs(allowed) do
      if params.sort_by == name then return nil end
    end
    return answers.error(400, "Bad request", { "sort_by: must be " .. table.concat(allowed, " or ") })
  end

  -- Answers with one page of RECORDS, which are sorted. TOTAL: adds _total.
  function pages.answer(request, records, view, total)
    return pages.slice(request, #records, function(i) return records[i] end, view, total)
  end

  -- Answers with one page of so many records, each of which GET(i) returns.
  function pages.slice(request, count_all, get, view, total)
    local params = request.params
    local limit = 50
    if params.limit then
      limit = math.tointeger(tonumber(params.limit))
      if not limit or limit < 1 or limit > 100 then
        return answers.error(400, "Bad request", { "limit: must be an integer from 1 to 100" })
      end
    end
    local from, emptied = 0, false
    if params.page_token then
      from, emptied = parse_token(request.path, params.page_token)
      if not from then return answers.error(400, "Bad request", { "page_token: is invalid" }) end
    end
    local count = math.min(limit, pages.settings.cap or limit)
    if pages.settings.empty and from > 0 and not emptied then count = 0 end
    local results = json.array({})
    for i = from + 1, math.min(from + count, count_all) do results[#results + 1] = view(get(i)) end

    local next_url = json.null
    if from + count < count_all then
      local query = without_token(request.query)
      query[#query + 1] = "page_token=" .. token_of(request.path, from + count, count == 0)
      next_url = mock.address .. request.path .. "?" .. table.concat(query, "&")
    end
    return answers.ok({
      _pagination = { next = next_url }, _links = { self = mock.address .. request.path },
      _results = results, _total = total,
    })
  end

  -- Answers with a list that Front does not page: it has no _pagination.
  function pages.whole(request, records, view)
    return answers.ok({
      _links = { self = mock.address .. request.path }, _results = answers.list(records, view),
    })
  end

  return pages
end
