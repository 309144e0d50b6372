return { name = "Acme Dry Goods", front = {}, recipes = {} }
