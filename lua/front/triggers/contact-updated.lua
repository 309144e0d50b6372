-- Front has no event about contacts (https://dev.frontapp.com/reference/events), so foyer lists those that changed. A
-- contact that changed several times between two looks fires once, as it is by then.
return {
  summary = "A contact was changed, or created.",
  on      = { "contact_updated" },
  needs   = { "payload.contact" },
  poll    = {
    action = "front/list-contacts",
    input  = { sort_by = "updated_at", sort_order = "asc", limit = 100 },
    after  = "updated_after",
    time   = "updated_at",
    as     = "contact",
  },
  key     = function(event)
    local contact = event.payload.contact
    local at = tonumber(contact.updated_at) or tonumber(event.payload.emitted_at)
    return at and ("%s %.3f"):format(contact.id, at) or contact.id
  end,
  sample  = "samples/contact-updated.json",
}
