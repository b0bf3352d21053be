-- when the attempt was counted, name
local c = read(ARGV[2])
c.failures, c.held = 0, 0
for i, t in ipairs(c.times) do
  if t == ARGV[1] then
    table.remove(c.times, i)
    break
  end
end
if #c.times == 0 then return redis.call('HDEL', H, ARGV[2]) end
write(ARGV[2], c)
return 1
