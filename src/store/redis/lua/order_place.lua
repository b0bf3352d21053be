-- id, its record, its fact, digest of its idempotency key or '', kept until or '', for how long a node without a beat may
-- serve, now by the caller. Answers the order as it is kept, whether it was there before, the store's names, the nodes alive.
local id = ARGV[1]
-- what nobody can be met by any more goes when something new comes; an hour later, as clocks differ
for _, old in ipairs(redis.call('ZRANGEBYSCORE', E, '-inf', string.format('%.0f', tonumber(ARGV[7]) - 3600000), 'LIMIT', 0, 100)) do
  local digest = redis.call('HGET', O, 'd:' .. old)
  if digest then redis.call('HDEL', O, 'k:' .. digest) end
  redis.call('HDEL', O, old, 's:' .. old, 'l:' .. old, 'd:' .. old)
  redis.call('ZREM', E, old)
end
local first = ARGV[4] ~= '' and redis.call('HGET', O, 'k:' .. ARGV[4])
if not first then
  redis.call('HSET', O, id, ARGV[2], 's:' .. id, string.format('%.0f', append(ARGV[3])))
  if ARGV[4] ~= '' then redis.call('HSET', O, 'k:' .. ARGV[4], id, 'd:' .. id, ARGV[4]) end
  keep(id, ARGV[5])
end
local alive = redis.call('ZRANGEBYSCORE', NODES, string.format('%.0f', clock() - tonumber(ARGV[6])), '+inf')
return {told(first or id), first and 1 or 0, redis.call('GET', BORN) or '', replid(), alive}
