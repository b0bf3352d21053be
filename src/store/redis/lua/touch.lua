-- session, idle end; never back, and a session that is gone stays gone
if redis.call('HEXISTS', S, ARGV[1]) == 1 and tonumber(ARGV[2]) > tonumber(redis.call('HGET', S, 'i:' .. ARGV[1]) or '0') then
  redis.call('HSET', S, 'i:' .. ARGV[1], ARGV[2])
end
return 1
