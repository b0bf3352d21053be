-- token hash, rec, failures, unconfirmed secret or '', sweep after ms, first factor at
for _, f in ipairs(redis.call('HKEYS', P)) do
  if #f == 64 and cjson.decode(redis.call('HGET', P, f)).r['ends'] <= tonumber(ARGV[6]) then drop(f) end
end
redis.call('HSET', P, ARGV[1], ARGV[2], 'f:' .. ARGV[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', P, 'u:' .. ARGV[1], ARGV[4]) end
keep_for(P, ARGV[5])
return 1
