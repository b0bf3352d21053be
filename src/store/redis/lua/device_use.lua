-- id, token hash, now, the next token hash or '' to look only, for how long the present one serves on; answers what the token
-- is and the device as it is afterwards
local id, now = ARGV[1], tonumber(ARGV[3])
local rec = redis.call('HGET', D, id)
if not rec or now >= cjson.decode(rec).r['ends'] then return false end
local said = 'stale'
local before, till = string.match(redis.call('HGET', D, 'p:' .. id) or '', '^(%x+)|(%d+)$')
if redis.call('HGET', D, 't:' .. id) == ARGV[2] then
  said = 'present'
elseif before == ARGV[2] and now < tonumber(till) then
  said = 'previous'
end
if said == 'present' and ARGV[4] ~= '' then
  local till = string.format('%.0f', now + tonumber(ARGV[5]))
  redis.call('HSET', D, 't:' .. id, ARGV[4], 'p:' .. id, ARGV[2] .. '|' .. till)
  if tonumber(redis.call('HGET', D, 'l:' .. id) or '0') < now then redis.call('HSET', D, 'l:' .. id, ARGV[3]) end
end
local function of(kind) return redis.call('HGET', D, kind .. id) or '' end
return {said, rec, of('t:'), of('p:'), of('l:'), of('u:')}
