local hello = require 'hello'
local loud_hello = require 'loud_hello'
print(hello.greet('world'), loud_hello.greet('world'))
