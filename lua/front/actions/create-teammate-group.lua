return {
  summary = "Create a teammate group.",
  effect  = "write",
  scopes  = { "teammate_groups:write" },
  group   = "teammate groups",
  rare    = true,
  request = { "POST", "/teammate_groups" },

  input = {
    name        = { "string", required = true, min = 1, example = "Night shift", about = "The group's name." },
    description = { "string", example = "From ten to six", about = "What it is for." },
    permissions = {
      object = {
        contacts = {
          object = {
            access = {
              enum = { "all", "contact_groups", "contact_lists", "none" }, required = true, example = "contact_lists",
              about = "Which contacts its teammates may see.",
            },
            contact_group_ids = {
              list = "contact_group", example = { "grp_1q15q" },
              about = "Deprecated by Front: use contact_list_ids.",
            },
            contact_list_ids = {
              list = "contact_list", example = { "grp_1q15q" },
              about = "With the access contact_lists: these lists.",
            },
          },
          example = { access = "all" },
          about = "Where shared contacts have permissions.",
        },
      },
      example = { contacts = { access = "all" } },
      about = "What its teammates may see.",
    },
  },

  output = {
    id                 = { "string", about = "cir_…" },
    name               = { "string" },
    description        = { "string" },
    is_managed_by_scim = { "boolean", about = "Front's API cannot change it then." },
    permissions        = { "object" },
  },
}
