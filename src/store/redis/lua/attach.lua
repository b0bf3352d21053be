-- own last id, a name for the store should it have none
local new = redis.call('SET', BORN, ARGV[2], 'NX')
local seq, id = tail()
local mine, oldest = redis.call('XRANGE', LOG, ARGV[1], ARGV[1])[1], redis.call('XRANGE', LOG, '-', '+', 'COUNT', 1)[1]
return {
  seq, id, redis.call('GET', BORN), replid(), tonumber(redis.call('GET', ALL) or '0'),
  mine and number_of(mine) or 0, oldest and number_of(oldest) or 0, counter(), age(new),
}
