return super { summary = "Lies over nothing." }
