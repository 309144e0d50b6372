return {
  proxy = "http://MOCK",
  timezone = "UTC",
  apps = { front = { client_id = "fake-client", client_secret = "fake", signing_key = secret "front.signing_key" } },
}
