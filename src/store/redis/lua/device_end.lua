-- id, then the sessions whose endings are in the log; answers whether it is gone by this call, and the sessions begun with it
-- that have to be logged first
if redis.call('HEXISTS', D, ARGV[1]) == 0 then return {0} end
local logged, left = {}, {}
for i = 2, #ARGV do logged[ARGV[i]] = true end
for _, f in ipairs(redis.call('HKEYS', S)) do
  if #f == 26 and cjson.decode(redis.call('HGET', S, f)).r.device == ARGV[1] then
    if logged[f] then forget(f) else left[#left + 1] = f end
  end
end
if #left > 0 then return {0, unpack(left)} end
drop_device(ARGV[1])
return {1}
