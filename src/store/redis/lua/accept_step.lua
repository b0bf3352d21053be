-- factor, step, now
local last = redis.call('HGET', A, 'step:' .. ARGV[1])
if not last then return -1 end
if tonumber(ARGV[2]) <= tonumber(last) then return 0 end
redis.call('HSET', A, 'step:' .. ARGV[1], ARGV[2], 'used:' .. ARGV[1], ARGV[3])
return 1
