-- Before every script on forms, which all lie in one slot: their limits are those of the whole store.
-- R: what is sealed of one form
-- E: until when each is kept
-- S: <id> size|until when|network
-- C: 'bytes' of all, <network> how many of it
local R, E, S, C = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function text(n) return string.format('%.0f', n) end

-- out of the counts; true where it was in them
local function uncount(id)
  local size, _, network = string.match(redis.call('HGET', S, id) or '', '^(%d+)|(%d+)|(.*)$')
  if not size then return false end
  redis.call('HDEL', S, id)
  redis.call('ZREM', E, id)
  redis.call('HINCRBY', C, 'bytes', '-' .. size)
  if redis.call('HINCRBY', C, network, -1) <= 0 then redis.call('HDEL', C, network) end
  return true
end

-- what is sealed, if its time is not over
local function sealed(id, now)
  local ends = string.match(redis.call('HGET', S, id) or '', '^%d+|(%d+)|')
  if not ends or tonumber(ends) <= tonumber(now) then return false end
  return redis.call('GET', R)
end
