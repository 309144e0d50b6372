return {
  name = "Acme",
  confirm = { "15s", "60s" },
  vars = { key = secret "chat.key" },
  recipes = { greet = true, ordered = true, tick = true },
}
