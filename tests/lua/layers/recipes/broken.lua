error("this recipe is broken")
