return { summary = "Notes the assignee.", on = "front/conversation-assigned", run = function() end }
