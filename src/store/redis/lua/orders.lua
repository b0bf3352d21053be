-- After log.lua, before every script on orders.
-- O: <id> record, s:<id> its number in the log, l:<id> when it was lifted, d:<id> digest of its idempotency key,
--   k:<digest> the order it belongs to
-- E: until when each is kept, where that is known
local O, E = KEYS[7], KEYS[8]

local function keep(id, ends)
  if ends == '' then redis.call('ZREM', E, id) else redis.call('ZADD', E, ends, id) end
end

local function told(id)
  return {redis.call('HGET', O, id), redis.call('HGET', O, 's:' .. id), redis.call('HGET', O, 'l:' .. id) or ''}
end
