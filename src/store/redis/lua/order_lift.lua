-- id, its fact, when, kept until or ''. Answers its number in the log; 0: there is none, or it was lifted before.
local id = ARGV[1]
if redis.call('HEXISTS', O, id) == 0 or redis.call('HEXISTS', O, 'l:' .. id) == 1 then return 0 end
redis.call('HSET', O, 'l:' .. id, ARGV[3])
keep(id, ARGV[4])
return append(ARGV[2])
