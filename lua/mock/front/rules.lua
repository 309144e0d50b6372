-- Rules, which the API only reads.

return function(company, records, views, pages)
  local rules = {}

  for _, word in ipairs({
    { "Refunds to Billing", { "Tag with Refund", "Move to Billing" } },
    { "VIP first", { "Assign to Leela" } },
    { "Leela's own", { "Tag with Leela's pile" }, private = true },
  }) do
    company.rules[#company.rules + 1] = company.add("rul", {
      name = word[1], actions = word[2], is_private = word.private or false,
    })
  end

  -- Gives the first two to the first team, the private one to the first teammate.
  function rules.seed()
    for i, rule in ipairs(company.rules) do
      rule.owner = i > 2 and company.teammates[1] or company.teams[1]
    end
  end

  local function shared(request)
    local found = {}
    for _, rule in ipairs(company.rules) do
      if not rule.is_private then found[#found + 1] = rule end
    end
    return pages.whole(request, found, views.rule)
  end

  rules.routes = records.owned("rules", function(request, owner)
    return pages.whole(request, records.of(company.rules, owner), views.rule)
  end)
  table.move({
    { "GET", "/rules", records.whole(company.rules, views.rule) },
    { "GET", "/rules/{id}", records.get("rul", "rule", views.rule) },
    { "GET", "/company/rules", shared },
  }, 1, 3, #rules.routes + 1, rules.routes)

  return rules
end
