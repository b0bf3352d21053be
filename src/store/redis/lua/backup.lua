-- Before every script that stores backup codes.

-- from ARGV[i] on: set, salt, made, token hash and record of the pending record that shows them, sweep after ms, digests
local function put_backup(i)
  drop_backup()
  redis.call('HSET', A, 'b:set', ARGV[i], 'b:salt', ARGV[i + 1], 'b:made', ARGV[i + 2], 'b:saved', '0')
  redis.call('HSET', P, ARGV[i + 3], ARGV[i + 4], 'f:' .. ARGV[i + 3], '0')
  keep_for(P, ARGV[i + 5])
  for j = i + 6, #ARGV do redis.call('HSET', A, 'b:c:' .. ARGV[j], '1') end
end

