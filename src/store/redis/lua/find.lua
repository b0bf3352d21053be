-- pairs of id and number, newest first; answers the place of the first that is still in the log, or 0
for i = 1, #ARGV, 2 do
  local found = redis.call('XRANGE', LOG, ARGV[i], ARGV[i])[1]
  if found and number_of(found) == tonumber(ARGV[i + 1]) then return (i + 1) / 2 end
end
return 0
