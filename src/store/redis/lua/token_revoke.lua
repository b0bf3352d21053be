-- After log.lua. id, name, when, its fact or '' where the log has it. Answers 0: it is not there, or was revoked before.
local T, id = KEYS[7], ARGV[1]
if redis.call('HEXISTS', T, id) == 0 or redis.call('HSETNX', T, 'r:' .. id, ARGV[3]) == 0 then return 0 end
if redis.call('HGET', T, 'n:' .. ARGV[2]) == id then redis.call('HDEL', T, 'n:' .. ARGV[2]) end
if ARGV[4] == '' then return 1 end
return append(ARGV[4])
