return { summary = "Notes who was assigned.", on = "front/conversation-assigned", run = function() end }
