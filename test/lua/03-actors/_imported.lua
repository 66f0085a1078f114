value = 'imported'
