-- token hash, now, floor, limit, drift; answers how many are left, 0: ended now, -1: gone
if not standing(ARGV[1], ARGV[2], ARGV[3]) then return -1 end
local left = tonumber(ARGV[4]) - redis.call('HINCRBY', P, 'f:' .. ARGV[1], 1)
if left > 0 then
  redis.call('HSET', P, 'd:' .. ARGV[1], ARGV[5])
  return left
end
drop(ARGV[1])
return 0
