require('inbox'):receive():send(require('./_imported').value)
