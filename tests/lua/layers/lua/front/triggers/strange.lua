return { summary = "Something odd happened, without a key.", on = { "odd", "strange" } }
