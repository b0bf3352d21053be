-- exactly this reservation, or (without a '|') whatever reservation of this user
local cur = redis.call('GET', KEYS[1])
if cur and (cur == ARGV[1] or string.match(cur, '^[^|]*') == ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return 0
