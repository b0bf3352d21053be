-- id, its record, its number, when it was lifted or '', digest of its idempotency key or '', kept until or '', its fact,
-- that of its lifting or ''. Answers what was missing: 0 nothing, 1 that it was lifted, 2 all of it. What was missing is told
-- in the same step, as other nodes may never have seen it; an order keeps the number it had.
local id = ARGV[1]
local missing = 0
if redis.call('HSETNX', O, id, ARGV[2]) == 1 then
  missing = 2
  redis.call('HSET', O, 's:' .. id, ARGV[3])
  if ARGV[5] ~= '' and redis.call('HSETNX', O, 'k:' .. ARGV[5], id) == 1 then redis.call('HSET', O, 'd:' .. id, ARGV[5]) end
end
if ARGV[4] ~= '' and redis.call('HSETNX', O, 'l:' .. id, ARGV[4]) == 1 then missing = math.max(missing, 1) end
if missing > 0 then
  keep(id, ARGV[6])
  if missing == 2 then append(ARGV[7]) end
  if ARGV[8] ~= '' then append(ARGV[8]) end
end
return missing
