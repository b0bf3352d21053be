-- id, network, until when, for how long the server keeps it, now, forms of a network, bytes of all, what is sealed.
-- Answers 0: kept, 1: too many of the network, 2: no room.
local id, network, size = ARGV[1], ARGV[2], string.len(ARGV[8])
repeat
  local over = redis.call('ZRANGEBYSCORE', E, '-inf', ARGV[5], 'LIMIT', 0, 1000)
  for _, old in ipairs(over) do uncount(old) end
until #over == 0
if tonumber(redis.call('HGET', C, network) or '0') >= tonumber(ARGV[6]) then return 1 end
if tonumber(redis.call('HGET', C, 'bytes') or '0') + size > tonumber(ARGV[7]) then return 2 end
redis.call('SET', R, ARGV[8], 'PX', ARGV[4])
redis.call('ZADD', E, ARGV[3], id)
redis.call('HSET', S, id, table.concat({text(size), ARGV[3], network}, '|'))
redis.call('HINCRBY', C, 'bytes', size)
redis.call('HINCRBY', C, network, 1)
for _, key in ipairs({E, S, C}) do redis.call('PEXPIRE', key, ARGV[4]) end
return 0
