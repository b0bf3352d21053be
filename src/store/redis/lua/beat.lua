-- node. A write on purpose: a deposed master that misses its replicas refuses it, so its nodes' leases run out.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', NODES, string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', NODES, '-inf', string.format('%.0f', now - 5000))
local seq, id = tail()
return {seq, id, redis.call('GET', BORN) or '', replid(), tonumber(redis.call('GET', ALL) or '0')}
