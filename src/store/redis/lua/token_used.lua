-- id, when.
local T, field = KEYS[1], 'u:' .. ARGV[1]
local before = tonumber(redis.call('HGET', T, field) or '0')
if redis.call('HEXISTS', T, ARGV[1]) == 1 and before < tonumber(ARGV[2]) then redis.call('HSET', T, field, ARGV[2]) end
