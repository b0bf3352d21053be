-- a factor to burn a step of or '', the step, now, then backup codes
local enrolled = false
for _, f in ipairs(redis.call('HKEYS', A)) do enrolled = enrolled or string.sub(f, 1, 5) == 'step:' end
if not enrolled then return -1 end
if ARGV[1] ~= '' then
  local said = burn(ARGV[1], ARGV[2], ARGV[3])
  if said ~= 1 then return said end
end
put_backup(4)
return 1
