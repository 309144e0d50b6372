-- The instructions of `foyer hooks` for Front's settings: `app` for the address that serves all companies,
-- `client` for a client's own address.
return {
  app = {
    "In Front: Settings, Developers, your app, the feature \"Application webhooks\": paste this URL, choose the",
    "event types, save. Front calls it once when it is saved; foyer answers that call.",
    "signing_key is the app's secret on the tab \"Basic information\", neither the OAuth client secret nor an",
    "API token. Front tries a delivery up to three times.",
  },
  client = {
    "In the client's Front: install the app \"Webhooks\", then make a rule with the action \"Send to a Webhook\"",
    "and this URL. With \"Send Full Event Data\" foyer need not fetch anything later. rule_key is the API secret that",
    "the app \"Webhooks\" shows. If the rule's own conditions suffice, add a trigger's name to the URL, as in",
    ".../conversation-created: that trigger fires for each call. Front does not repeat a rule's call that failed.",
  },
}
