return { summary = "Does something else.", on = "front/odd", run = function() end }
