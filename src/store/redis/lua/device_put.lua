-- session, floor, id, record, token hash, the one before or '', last use, trusted until or 0, most trusted, most known,
-- sweep after ms
local began = redis.call('HGET', S, 'b:' .. ARGV[1])
if not began or tonumber(began) < tonumber(ARGV[2]) then return 0 end
local id, now = ARGV[3], tonumber(ARGV[7])
local trusts = tonumber(ARGV[8]) > now
local lists = {[true] = {}, [false] = {}}
for _, f in ipairs(redis.call('HKEYS', D)) do
  if #f == 26 and f ~= id then
    if cjson.decode(redis.call('HGET', D, f)).r['ends'] <= now then
      drop_device(f)
    else
      local list = lists[tonumber(redis.call('HGET', D, 'u:' .. f) or '0') > now]
      list[#list + 1] = {id = f, used = tonumber(redis.call('HGET', D, 'l:' .. f) or '0')}
    end
  end
end
for kind, most in pairs({[true] = ARGV[9], [false] = ARGV[10]}) do
  local room = math.max(tonumber(most) - (kind == trusts and 1 or 0), 0)
  table.sort(lists[kind], function(a, b) return a.used > b.used or (a.used == b.used and a.id < b.id) end)
  for i = room + 1, #lists[kind] do drop_device(lists[kind][i].id) end
end
if redis.call('HSETNX', D, 't:' .. id, ARGV[5]) == 1 and ARGV[6] ~= '' then redis.call('HSET', D, 'p:' .. id, ARGV[6]) end
redis.call('HSET', D, id, ARGV[4], 'l:' .. id, ARGV[7])
if ARGV[8] ~= '0' then redis.call('HSET', D, 'u:' .. id, ARGV[8]) else redis.call('HDEL', D, 'u:' .. id) end
keep_for(D, ARGV[11])
return 1
