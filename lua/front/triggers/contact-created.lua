-- Front sends no events about contacts (FACTS 6.4): they come from looking at the list of contacts, in
-- this shape, or from somebody who posts such an event.
return {
  summary = "A contact was created.",
  on      = { "contact_created" },
  needs   = { "payload.contact" },
  key     = function(event) return event.payload.contact.id end,
  sample  = "samples/contact-created.json",
}
