-- T: <id> record, n:<name> the token that has it, u:<id> when it was last used, r:<id> when it was revoked
-- id, name, record. Answers 1, or 0: the name is taken.
local T = KEYS[1]
if redis.call('HSETNX', T, 'n:' .. ARGV[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', T, ARGV[1], ARGV[3])
return 1
