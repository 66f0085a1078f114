-- A whole process that prints a line and ends.
print 'hello'
