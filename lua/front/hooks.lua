-- What `foyer hooks` says of where to click in Front, as data: `app` for the address that serves
-- every company, `client` for a client's own.
return {
  app = {
    "In Front: Settings, Developers, your app, the feature \"Application webhooks\": paste this URL, choose the",
    "event types, save. Front calls it once when it is saved; foyer answers by itself.",
    "signing_key is the app's secret on the tab \"Basic information\", neither the OAuth client secret nor an",
    "API token. Front tries a delivery up to three times.",
  },
  client = {
    "In the client's Front: install the app \"Webhooks\", then make a rule with the action \"Send to a Webhook\"",
    "and this URL. With \"Send Full Event Data\" nothing has to be fetched later. rule_key is the API secret that",
    "the app \"Webhooks\" shows. Where the rule's own conditions say it all, add a trigger's name to the URL, as in",
    ".../conversation-created: it fires for each call. Front does not repeat a rule's call that failed.",
  },
}
