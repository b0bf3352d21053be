-- rec, ver, disabled, name, email, then per factor: id, last step, last use
if redis.call('EXISTS', A) == 1 then return 0 end
redis.call('HSET', A, 'rec', ARGV[1], 'ver', ARGV[2], 'disabled', ARGV[3], 'name', ARGV[4], 'email', ARGV[5])
for i = 6, #ARGV, 3 do
  redis.call('HSET', A, 'step:' .. ARGV[i], ARGV[i + 1], 'used:' .. ARGV[i], ARGV[i + 2])
end
return 1
