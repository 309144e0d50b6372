-- The companies of this Front, each a world of its own (world.lua). The first is there from the start.
local companies = { list = {} }

-- The company with that number, id or name; the first when WANTED is nil; nil when there is none.
function companies.find(wanted)
  if wanted == nil then return companies.list[1] end
  for n, one in ipairs(companies.list) do
    if tonumber(wanted) == n or wanted == one.company.id or wanted == one.name then return one end
  end
  return nil
end

return companies
