return {
  summary = "Trigger an event of an app, on which Front's rules can act.",
  effect  = "write",
  scopes  = { "feature:app_trigger" },
  group   = "apps",
  rare    = true,
  request = { "POST", "/applications/{application_uid}/events" },

  input = {
    application_uid = { "string", required = true, min = 1, example = "a1b2c3d4", about = "The uid of the app." },
    event_type = {
      "string", required = true, min = 1, example = "order_shipped",
      about = "The type of the event, as the app defines it.",
    },
    app_object = {
      required = true,
      object = {
        id = { "string", example = "1234", about = "The object's id." },
        ext_link = {
          "string", example = "https://shop.example/orders/1234",
          about = "The object's address, if it has no id.",
        },
      },
      example = { id = "1234" },
      about = "The object of the app that it is about.",
    },
  },
}
