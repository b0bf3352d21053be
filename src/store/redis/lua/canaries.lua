-- pairs of key id and canary; adds those that are missing, and none where one is there that is not among them
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
for id, canary in pairs(mine) do
  if not kept[id] then
    redis.call('HSET', KEYS[1], id, canary)
  end
end
return redis.call('HGETALL', KEYS[1])
