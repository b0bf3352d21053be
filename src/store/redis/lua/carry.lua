-- last number seen, whether everything is over, that fact's text, a name for the store should it have none.
-- Several nodes heal at once: the counter leaps for the first of them only.
local seen = tonumber(ARGV[1])
local at = math.max(counter(), (tail()))
if at < seen + 524288 then redis.call('SET', SEQ, string.format('%.0f', seen + 1048576)) end
if ARGV[2] == '1' and tonumber(redis.call('GET', ALL) or '0') <= seen then append(ARGV[3], true) end
redis.call('SET', BORN, ARGV[4], 'NX')
return 1
