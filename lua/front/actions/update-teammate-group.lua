return {
  summary = "Change a teammate group.",
  effect  = "idempotent",
  scopes  = { "teammate_groups:write" },
  group   = "teammate groups",
  rare    = true,
  request = { "PATCH", "/teammate_groups/{group_id}" },

  input = {
    group_id    = { "teammate_group", required = true, example = "cir_1q15q", about = "The teammate group." },
    name        = { "string", example = "Night shift", about = "The group's name." },
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
}
