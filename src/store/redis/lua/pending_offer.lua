-- token hash, now, floor, unconfirmed secret
if not standing(ARGV[1], ARGV[2], ARGV[3]) then return false end
redis.call('HSETNX', P, 'u:' .. ARGV[1], ARGV[4])
return redis.call('HGET', P, 'u:' .. ARGV[1])
