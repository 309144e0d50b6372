return super { summary = "Does something else for Acme." }
