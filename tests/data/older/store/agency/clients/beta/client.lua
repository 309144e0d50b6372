return { name = "Beta" }
