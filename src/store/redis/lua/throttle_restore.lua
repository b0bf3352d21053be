-- now, name, the counter as it was; never lowers one
local old = read(ARGV[2])
local failures = tonumber(string.match(ARGV[3], '^%d+'))
if failures <= old.failures then return 0 end
redis.call('HSET', H, ARGV[2], ARGV[3])
local ends = read(ARGV[2]).ends
keep_for(ends > 0 and math.max(ends - now, 1) or 0, old.failures > 0)
return 1
