-- token hash; the session that has it as its present or old one, and the account
local sid = redis.call('HGET', S, 't:' .. ARGV[1])
local rec = sid and redis.call('HGET', S, sid)
if not rec then return false end
return {rec, redis.call('HGET', S, 'b:' .. sid), redis.call('HGET', S, 'i:' .. sid), redis.call('HGETALL', A)}
