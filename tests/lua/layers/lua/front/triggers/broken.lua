error("this file is broken")
