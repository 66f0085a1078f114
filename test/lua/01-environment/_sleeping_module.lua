local time = require 'time'
time.sleep(0.001)
value = ('ab'):gsub('.', function(c) time.sleep(0.001) return c .. c end)
