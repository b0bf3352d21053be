-- and: factor, its last step, last use, account rec or '' where it may not be, its ver, the ver expected, ending seq or 0,
-- then backup codes, if they come with it
local no, p, e = refusal()
if no then return no end
local factor = ARGV[12]
local u = redis.call('HGET', P, 'u:' .. h)
if not u or cjson.decode(u).r.factor ~= factor then return 'spent' end
if redis.call('HGET', A, 'ver') ~= ARGV[17] then return 'again' end
if ARGV[15] == '' then return 'spent' end

local kept = {}
for _, f in ipairs(cjson.decode(ARGV[15]).r.factors) do kept[f.id] = true end
for _, f in ipairs(redis.call('HKEYS', A)) do
  local kind, id = string.match(f, '^(%l+):(%w+)$')
  if (kind == 'step' or kind == 'used') and not kept[id] then redis.call('HDEL', A, f) end
end
redis.call('HSET', A, 'rec', ARGV[15], 'ver', ARGV[16], 'step:' .. factor, ARGV[13], 'used:' .. factor, ARGV[14])
redis.call('HDEL', T, 'code:totp')
if p.purpose == 'replace' then end_user(tonumber(ARGV[18]), sid) end
local said = enter(e)
if ARGV[19] then put_backup(19) end
return said
