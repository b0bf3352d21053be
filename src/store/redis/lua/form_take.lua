-- id, now. What is sealed, to one caller.
local found = sealed(ARGV[1], ARGV[2])
redis.call('DEL', R)
uncount(ARGV[1])
return found
