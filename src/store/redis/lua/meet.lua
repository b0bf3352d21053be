-- Whom the orders of one caller have met, by when. now, span, most, the people.
-- Answers '0', or until when too many were met before.
local K, now, span, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local function text(n) return string.format('%.0f', n) end
redis.call('ZREMRANGEBYSCORE', K, '-inf', text(now - span))
local there, times = {}, {}
local all = redis.call('ZRANGEBYSCORE', K, '-inf', '+inf', 'WITHSCORES')
for i = 1, #all, 2 do
  there[all[i]] = true
  times[#times + 1] = tonumber(all[i + 1])
end
local new = 0
for i = 4, #ARGV do
  if not there[ARGV[i]] then new = new + 1 end
end
local surplus = #times + new - most
if surplus > 0 then return text((times[surplus] or now) + span) end
for i = 4, #ARGV do redis.call('ZADD', K, ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', K, text(span))
return '0'
