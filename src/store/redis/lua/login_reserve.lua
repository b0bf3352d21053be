-- user, a dead reservation that may be taken over (or ''); answers {1, own reservation} or {0, the other's, now}
local cur = redis.call('GET', KEYS[1])
local t = redis.call('TIME')
if not cur or cur == ARGV[2] or string.match(cur, '^[^|]*') == ARGV[1] then
  local own = ARGV[1] .. '|' .. t[1] .. '|' .. t[2]
  redis.call('SET', KEYS[1], own)
  return {1, own, t[1]}
end
return {0, cur, t[1]}
