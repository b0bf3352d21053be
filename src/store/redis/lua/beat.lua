-- node. A write on purpose: a deposed master that misses its replicas refuses it, so its nodes' leases run out.
local now = clock()
redis.call('ZADD', NODES, string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', NODES, '-inf', string.format('%.0f', now - 5000))
local seq, id = tail()
return {seq, id, redis.call('GET', BORN) or '', replid(), tonumber(redis.call('GET', ALL) or '0'), age()}
