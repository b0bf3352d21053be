-- pairs of key id and canary, that of the key that seals first; keeps the first one, and none where one is there that is
-- not among them
local mine, kept = {}, {}
for i = 1, #ARGV, 2 do
  mine[ARGV[i]] = ARGV[i + 1]
end
local there = redis.call('HGETALL', KEYS[1])
for i = 1, #there, 2 do
  if mine[there[i]] ~= there[i + 1] then
    return there
  end
  kept[there[i]] = true
end
if ARGV[1] and not kept[ARGV[1]] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return redis.call('HGETALL', KEYS[1])
