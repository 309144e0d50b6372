-- Names, subjects and texts of which the company is made.
return {
  -- The last one has no inbox: a reply with that author is refused with 403.
  teammates = {
    { "leela", "Leela", "Nair", is_admin = true },
    { "jonas", "Jonas", "Weber" },
    { "amelie", "Amélie", "Dubois" },
    { "soren", "Søren", "Ødegaard" },
    { "maria", "María José", "Núñez", is_available = false },
    { "misaki", "美咲", "田中" },
    { "kofi", "Kofi", "Mensah" },
    { "ivy", "Ivy", "Sharp", no_inbox = true },
  },

  -- name, kind of channel, address
  inboxes = {
    { "Support", "gmail", "support", weight = 9 },
    { "Sales", "gmail", "sales", weight = 6 },
    { "Billing", "smtp", "billing", weight = 5 },
    { "Returns", "smtp", "returns", weight = 4 },
    { "Wholesale", "office365", "wholesale", weight = 3 },
    { "Press", "smtp", "press", weight = 1 },
    { "Jobs", "smtp", "jobs", weight = 1 },
    { "Warehouse", "smtp", "warehouse", weight = 2 },
    { "Text messages", "twilio", "+15550100", weight = 3 },
    { "Web shop chat", "custom", "shop-chat", weight = 3 },
    { "Management", "smtp", "management", weight = 1, private = true },
    { "Leela Nair", "gmail", "leela", weight = 1, private = true, owner = "leela" },
  },

  tags = {
    { "VIP", "red", "Answer within the hour" },
    { "Refund", "orange" },
    { "Damaged goods", "yellow", nil, parent = "Refund" },
    { "Wrong item", "yellow", nil, parent = "Refund" },
    { "Delivery", "blue" },
    { "Invoice", "green", "Goes to accounting" },
    { "Wholesale lead", "purple" },
    { "Bug", "pink" },
    { "Spam?", "grey" },
    { "Leela's pile", nil, nil, private = "leela" },
  },

  lists = { "Customers", "Wholesale", "Newsletter", "Lieferanten & Partner" },

  first = {
    "Ana", "Björn", "Chloé", "Dmitri", "Esra", "Fatima", "Gaël", "Hanna", "Ines", "João",
    "Katarzyna", "Lars", "Mei", "Noor", "Oisín", "Priya", "Quentin", "Rosa", "Sven", "Tomás",
    "Uma", "Violeta", "Wei", "Ximena", "Yusuf", "Zsófia", "Αλέξανδρος", "Мария", "小雨", "D'Arcy",
  },
  last = {
    "Andersson", "Brown & Sons", "Çelik", "Dvořák", "Eriksen", "Ferrari", "García", "Hughes",
    "Ivanova", "Jansen", "Kowalczyk", "Łukasz", "Müller", "Nguyễn", "O'Brien", "Petrov",
    "Quispe", "Rossi", "Šimić", "Tanaka", "Ünal", "van der Berg", "Wójcik", "Yılmaz",
  },

  letters = {
    { "Package update?", "I placed an order last week. When will it be delivered?" },
    { "Wrong size", "The boots I received are a 43, I ordered a 41.\n\nHow do I send them back?" },
    { "Invoice %d", "Could you send me the invoice for order %d once more, with our VAT number on it?" },
    { "Broken mug", "Two of the six mugs arrived broken. Pictures are attached." },
    { "Do you ship to Iceland?", "We would love 40 blankets — do you ship to Reykjavík, and what would it cost?" },
    { "Order %d", "Order %d has not arrived. The carrier says \"returned to sender\"." },
    { "Wholesale prices", "We run three shops & a web store. Is there a price list for <resellers>?" },
    { "Can I change my address", "I moved yesterday.\n\nThe new address is Hauptstraße 7, Zürich." },
    { "Thank you!", "The candles are lovely 🕯️ Thank you so much." },
    { "Gift card does not work", "The shop says \"code unknown\" for my gift card." },
    { "Cancel order %d", "Please cancel order %d, I ordered it twice." },
    { "Opening hours", "Are you open on Saturdays?" },
  },
  replies = {
    "Thank you for writing. Your parcel left our warehouse this morning.",
    "We are sorry about that. A replacement is on its way.",
    "Of course: the document is attached.",
    "Thanks! Could you tell us your order number?",
    "We have passed this on to our wholesale team, they will be in touch today.",
  },
  thanks = { "Great, thanks!", "Any news on this?", "It is order %d.", "Perfect, that solved it." },
  comments = {
    "Checking with the warehouse", "Same as last week, see **Refund**", "@jonas can you take this one?",
    "Called them, waiting for a call back",
  },
  discussions = { "Stocktaking in spring", "New packaging", "Who covers Friday?", "Carrier contract" },
  tasks = { "Order labels", "Call the carrier" },
}
