-- Front has no event about contacts (https://dev.frontapp.com/reference/events), so foyer lists them, the newest first.
-- A contact_created that a script or server of the agency posts fires as well.
return {
  summary = "A contact was created.",
  on      = { "contact_created" },
  needs   = { "payload.contact" },
  poll    = {
    action = "front/list-contacts",
    input  = { sort_by = "created_at", sort_order = "desc", limit = 100 },
    time   = "updated_at", -- Front does not show when a contact was created
    as     = "contact",
  },
  key     = function(event) return event.payload.contact.id end,
  sample  = "samples/contact-created.json",
}
