-- rec, ver, disabled, name, email, expected ver, ending seq or 0, excepted session, which throttles and backup codes go
-- ('', 'mfa', 'all'), a factor to burn a step of or '', the step, then per factor: id, step, use
local ver = redis.call('HGET', A, 'ver')
if not ver then return 'gone' end
if ver ~= ARGV[6] then return 'outdated' end
if ARGV[10] ~= '' then
  local said = burn(ARGV[10], ARGV[11], '0')
  if said ~= 1 then return said == 0 and 'replayed' or 'unknown' end
end
redis.call('HSET', A, 'rec', ARGV[1], 'ver', ARGV[2], 'disabled', ARGV[3], 'name', ARGV[4], 'email', ARGV[5])
local kept = {}
for i = 12, #ARGV, 3 do
  -- a write by somebody who read earlier never takes a spent step back
  for j, kind in ipairs({'step:', 'used:'}) do
    local field, new = kind .. ARGV[i], ARGV[i + j]
    kept[field] = true
    local old = redis.call('HGET', A, field)
    if not old or tonumber(old) < tonumber(new) then redis.call('HSET', A, field, new) end
  end
end
for _, f in ipairs(redis.call('HKEYS', A)) do
  if (string.sub(f, 1, 5) == 'step:' or string.sub(f, 1, 5) == 'used:') and not kept[f] then redis.call('HDEL', A, f) end
end
if ARGV[7] ~= '0' then end_user(tonumber(ARGV[7]), ARGV[8]) end
if ARGV[9] ~= '' then drop_backup() end
if ARGV[9] == 'mfa' then redis.call('HDEL', T, 'code:totp', 'code:backup') end
if ARGV[9] == 'all' then redis.call('DEL', T) end
return 'yes'
