-- What the core must know about Front's API, as data. Loaded in an empty environment.

-- What an app channel's message is answered with.
local accepted = { type = "success", external_id = "{id}", external_conversation_id = "{conversation}" }

return {
  name = "Front",

  -- The token goes to these hosts and nowhere else: answers hold links to the company's own host.
  api = { base = "https://api2.frontapp.com", hosts = { "api2.frontapp.com", "*.api.frontapp.com" } },

  oauth = {
    authorize   = "https://app.frontapp.com/oauth/authorize",
    token       = "https://app.frontapp.com/oauth/token",
    client_auth = "basic",
    identity    = { get = "/me", id = "id", name = "name", host = "_links.self", prefix = "cmp_" },
  },

  webhooks = {
    signature = "X-Front-Signature",
    company   = "authorization.id",
    challenge = { header = "X-Front-Challenge", answer = "challenge" },

    -- Where an event says what it is. A rule sends it bare, without the first name of these paths.
    event = { type = "payload.type", id = "payload.id", conversation = "payload.conversation.id" },

    -- With the header `when`, that scheme alone is tried; without it, those that have none.
    schemes   = {
      application = {
        when = "X-Front-Request-Timestamp", mac = "hmac-sha256", over = "{timestamp}:{body}",
        unit = "ms", window = 300, key = "signing_key",
      },
      body = { mac = "hmac-sha256", over = "{body}", key = "signing_key" },
      rule = { mac = "hmac-sha1", over = "{body}", key = "rule_key" },
    },

    -- App channels: requests that name no company and want an answer of their own, by their type.
    -- What is `about` a channel and has another type is refused. A DELETE is signed over `deleted`.
    channel = {
      type         = "type",
      about        = "payload.channel_id",
      conversation = { "payload._links.related.conversation", "payload.conversation.id" },
      deleted      = "undefined",
      answers      = {
        authorization     = { type = "success", webhook_url = "{url}" },
        message           = accepted,
        message_autoreply = accepted,
        message_imported  = accepted,
        delete            = { type = "success" },
      },
      refusal = { type = "bad_request", message = "{why}" },
    },
  },

  -- For completing events. `get`: where a thing is fetched by its id. `plain`: events that Front does
  -- not send but others may, and where these hold what recipes look for.
  events = {
    get = {
      cnv_ = "/conversations/", msg_ = "/messages/", tea_ = "/teammates/", crd_ = "/contacts/",
      com_ = "/comments/", tag_ = "/tags/", inb_ = "/inboxes/",
    },
    plain = {
      conversation_created  = { ["payload.conversation"] = { "payload.target.data", "payload.data", "payload" } },
      conversation_assigned = {
        ["payload.conversation"] = { "payload.data", "payload" },
        ["payload.target.data"]  = { "payload.assignee", "payload.teammate", "payload.conversation.assignee" },
      },
      contact_created       = { ["payload.contact"] = { "payload.target.data", "payload.data", "payload" } },
    },
  },

  -- A reply to a customer: what the guard against loops counts.
  reply = { method = "POST", path = "/conversations/{conversation}/messages" },

  -- Front accepts a message before it exists. By `field` of an action's result it is looked for
  -- later; events of these types say that the customer did not get the message `ref`.
  receipt = {
    field  = "message_uid",
    get    = "/messages/alt:uid:{}",
    failed = { "message_delivery_failed", "message_bounce_error", "sending_error" },
    ref    = "payload.target.data.message_uid",
  },

  paging = { results = "_results", next = "_pagination.next", total = "_total" },

  rate = {
    limit = "x-ratelimit-limit", remaining = "x-ratelimit-remaining", reset = "x-ratelimit-reset",
    tier = "x-front-tier", retry_after = "retry-after",
    search = "/conversations/search/", -- 40 % of the limit at most
  },

  -- A merged conversation answers 301, on the paths below it as well. Where the Location may name
  -- the conversation alone, the id of this kind is exchanged in the path that was asked.
  moved = { prefix = "cnv_" },

  errors = { title = "_error.title", message = "_error.message", details = "_error.details" },

  -- `names`: the table of client.lua that holds names for ids of this kind; `alias`: `alt:…` is an
  -- id as well; `list`: where `foyer ids` reads them, and `label`: what it names them by, the first
  -- one that is there. Signatures are listed for each team. `open`: where a person looks at one.
  ids = {
    conversation = { prefix = "cnv_", open = "https://app.frontapp.com/open/{id}" },
    contact      = { prefix = "crd_", alias = true },
    inbox        = { prefix = "inb_", names = "inboxes", list = "/inboxes", label = { "name" } },
    channel      = { prefix = "cha_", names = "channels", alias = true, list = "/channels",
                     label = { "name", "address" } },
    teammate     = { prefix = "tea_", names = "teammates", alias = true, list = "/teammates",
                     label = { "username", "email" } },
    tag          = { prefix = "tag_", names = "tags", list = "/tags", label = { "name" } },
    signature    = { prefix = "sig_", names = "signatures", list = { "/teams", "/teams/{id}/signatures" },
                     label = { "name" } },
  },
}
