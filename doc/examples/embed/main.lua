local greeting = require './greeting'
print(greeting.to('embedder') .. ' This is ' .. tostring(_FILE))
