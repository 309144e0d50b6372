-- Front has no event about contacts (https://dev.frontapp.com/reference/events). Such events come from a script
-- or server of the agency that posts them in this shape.
return {
  summary = "A contact was created.",
  on      = { "contact_created" },
  needs   = { "payload.contact" },
  key     = function(event) return event.payload.contact.id end,
  sample  = "samples/contact-created.json",
}
