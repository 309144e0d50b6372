-- Front's API, described as data for foyer. Loaded without any globals.

-- The answer to a message of an app channel.
local accepted = { type = "success", external_id = "{id}", external_conversation_id = "{conversation}" }

return {
  name = "Front",

  -- The token is sent to these hosts only. The second is the company's own host, to which links in answers lead.
  api = { base = "https://api2.frontapp.com", hosts = { "api2.frontapp.com", "*.api.frontapp.com" } },

  auth = {
    oauth       = "authorization_code",
    authorize   = "https://app.frontapp.com/oauth/authorize",
    token       = "https://app.frontapp.com/oauth/token",
    client_auth = "basic",
  },

  -- To which company a token belongs, and the host at which the API serves that company.
  identity = { get = "/me", id = "id", name = "name", host = "_links.self", prefix = "cmp_" },

  webhooks = {
    signature = "X-Front-Signature",
    company   = "authorization.id",
    challenge = { header = "X-Front-Challenge", answer = "challenge" },

    -- Paths of an event's type, id and conversation. A rule sends the bare event, without the leading `payload`.
    event = { type = "payload.type", id = "payload.id", conversation = "payload.conversation.id" },

    -- A request with the header `when` is checked by that scheme only; one without it by the schemes without `when`.
    schemes   = {
      application = {
        when = "X-Front-Request-Timestamp", mac = "hmac-sha256", over = "{timestamp}:{body}",
        unit = "ms", window = 300, key = "signing_key",
      },
      body = { mac = "hmac-sha256", over = "{body}", key = "signing_key" },
      rule = { mac = "hmac-sha1", over = "{body}", key = "rule_key" },
    },

    -- App channels: requests that name no company; each type has an answer of its own. A request with a value at
    -- `about` and another type is refused. The signature of a DELETE covers the text `deleted` instead of the body
    -- (https://dev.frontapp.com/docs/security-1).
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

  -- For completing events. `get`: the address of an object, by the prefix of its id. `plain`: events that Front
  -- does not send but another server may, and the paths where these have what recipes expect.
  events = {
    get = {
      cnv_ = "/conversations/", msg_ = "/messages/", tea_ = "/teammates/", crd_ = "/contacts/",
      com_ = "/comments/", tag_ = "/tags/", inb_ = "/inboxes/", top_ = "/links/",
    },

    -- Who caused an event, which recipes see as `event.actor`: the source, by its kind; a teammate's `type` tells what
    -- acts in a teammate's place. The source of a message is its inbox: a message has an author, or it came in.
    actor = {
      source     = "payload.source",
      author     = "payload.target.data.author",
      inbound    = "payload.target.data.is_inbound",
      recipients = "payload.target.data.recipients", role = "from", contact = "_links.related.contact",
      received   = { "inbound", "inbound_received" },
      kinds      = {
        teammate = "teammate", user = "teammate", visitor = "teammate", rule = "rule", macro = "macro",
        api = "application", oauth_client = "application", application = "application", integration = "application",
        ai = "application", reminder = "system", imap = "system", gmail = "system", recipient = "system",
        bulk_reply = "system", csat = "system", smart_csat = "system",
      },
    },

    plain = {
      conversation_created  = { ["payload.conversation"] = { "payload.target.data", "payload.data", "payload" } },
      conversation_assigned = {
        ["payload.conversation"] = { "payload.data", "payload" },
        ["payload.target.data"]  = { "payload.assignee", "payload.teammate", "payload.conversation.assignee" },
      },
      contact_created       = { ["payload.contact"] = { "payload.target.data", "payload.data", "payload" } },
      contact_updated       = { ["payload.contact"] = { "payload.target.data", "payload.data", "payload" } },
    },

    -- For `foyer heal`, which lists events to find those whose webhook did not come. `webhooks`: the types that an
    -- application webhook has too, and their names there. `unseen`: types of webhooks that are not in the list.
    sweep = {
      get    = "/events",
      query  = { limit = "15", sort_by = "created_at", sort_order = "asc" },
      after  = "q[after]", before = "q[before]",
      id     = "id", prefix = "evt_", type = "type", at = "emitted_at", conversation = "conversation.id",
      webhooks = {
        inbound = "inbound_received", outbound = "outbound_sent",
        assign = "assignee_changed", unassign = "assignee_changed",
        archive = "conversation_archived", reopen = "conversation_reopened",
        trash = "conversation_deleted", restore = "conversation_restored",
        reminder = "conversation_snooze_expired", comment = "new_comment_added",
        tag = "tag_added", untag = "tag_removed", move = "conversation_moved",
        link_added = "link_added", link_removed = "link_removed",
        sending_error = "message_delivery_failed", message_bounce_error = "message_delivery_failed",
      },
      unseen = { "conversation_snoozed" },
    },

    -- For `foyer missed`, which lists with `sweep` the events of these types: what each says of a conversation.
    -- `message`, `subject`, `customer`: where an event has the message's id, and what it is told by. `merged`: the ids
    -- of the conversations that were merged into the event's own.
    talk = {
      types    = "q[types][]",
      kinds    = {
        inbound = "received", outbound = "sent", out_reply = "sent", sending_error = "failed",
        message_bounce_error = "failed", conversations_merged = "merged", trash = "binned", restore = "restored",
      },
      message  = "target.data.id",
      subject  = "conversation.subject",
      customer = "conversation.recipient.handle",
      merged   = "target.data",
      -- For `foyer explain`: a conversation's messages, and a customer's conversations; {} is the id, or the address.
      thread   = {
        get = "/conversations/{}/messages", query = { limit = "100" }, id = "id", uid = "message_uid",
        at = "created_at", inbound = "is_inbound", subject = "subject", text = "text", html = "body",
        draft = "is_draft",
      },
      found    = { email = "/contacts/alt:email:{}/conversations", phone = "/contacts/alt:phone:{}/conversations" },
    },
  },

  -- A reply to a customer. The limit `replies_per_hour` counts these requests.
  reply = { method = "POST", path = "/conversations/{conversation}/messages" },

  -- Front accepts a message before it exists. `field` of an action's result identifies it, `get` finds it later.
  -- Events of the types in `failed` say that the customer did not get the message at `ref`.
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
    search = "/conversations/search/", -- may use at most 40 % of the limit
  },

  -- A merged conversation answers 301, also on the paths below it. Where the Location names the conversation only,
  -- foyer replaces the id with this prefix in the path of the request.
  moved = { prefix = "cnv_" },

  errors = { title = "_error.title", message = "_error.message", details = "_error.details" },

  -- `names`: the table of client.lua with names for ids of this kind. `alias`: `alt:…` is accepted as an id.
  -- `list`: the address from which `foyer ids` reads them; `label`: the members for their names, the first that is
  -- there. Signatures are listed for each team. `open`: the address of the object for people. `get`: the address of
  -- one, for the daily look whether what settings name is there; `usable`: its members while it may be used.
  ids = {
    conversation = { prefix = "cnv_", open = "https://app.frontapp.com/open/{id}" },
    contact      = { prefix = "crd_", alias = true },
    inbox        = { prefix = "inb_", names = "inboxes", list = "/inboxes", label = { "name" },
                     get = "/inboxes/{id}" },
    channel      = { prefix = "cha_", names = "channels", alias = true, list = "/channels",
                     label = { "name", "address" }, get = "/channels/{id}",
                     usable = { is_valid = true } },
    teammate     = { prefix = "tea_", names = "teammates", alias = true, list = "/teammates",
                     label = { "username", "email" }, get = "/teammates/{id}",
                     usable = { is_blocked = false } },
    tag          = { prefix = "tag_", names = "tags", list = "/tags", label = { "name" }, get = "/tags/{id}" },
    signature    = { prefix = "sig_", names = "signatures", list = { "/teams", "/teams/{id}/signatures" },
                     label = { "name" }, get = "/signatures/{id}" },

    -- `optional`: not every company has it, nor every token its scope; `foyer ids` reads at most 500 of a kind.
    account          = { prefix = "acc_", names = "accounts", alias = true, list = "/accounts", label = { "name" },
                         optional = true },
    team             = { prefix = "tim_", names = "teams", list = "/teams", label = { "name" }, optional = true },
    teammate_group   = { prefix = "cir_", names = "teammate_groups", list = "/teammate_groups", label = { "name" },
                         optional = true },
    contact_list     = { prefix = "grp_", names = "contact_lists", list = "/contact_lists", label = { "name" },
                         optional = true },
    status           = { prefix = "sts_", names = "statuses", list = "/company/statuses", label = { "name" },
                         optional = true },
    shift            = { prefix = "shf_", names = "shifts", list = "/shifts", label = { "name" }, optional = true },
    view             = { prefix = "lns_", names = "views", list = "/views", label = { "name" }, optional = true },
    message_template = { prefix = "rsp_", names = "message_templates", list = "/message_templates",
                         label = { "name" }, get = "/message_templates/{id}", optional = true },
    template_folder  = { prefix = "rsf_", names = "template_folders", list = "/message_template_folders",
                         label = { "name" }, optional = true },
    knowledge_base   = { prefix = "knb_", names = "knowledge_bases", list = "/knowledge_bases",
                         label = { "name" }, optional = true },

    message          = { prefix = "msg_", alias = true }, -- drafts, too
    comment          = { prefix = "com_" },
    event            = { prefix = "evt_" },
    attachment       = { prefix = "fil_" },
    link             = { prefix = "top_" },
    contact_group    = { prefix = "grp_" },
    rule             = { prefix = "rul_" },
    time_off         = { prefix = "vcr_" },
    category         = { prefix = "kbc_" },
    article          = { prefix = "kba_" },
    export           = { prefix = "exp_" },
  },
}
