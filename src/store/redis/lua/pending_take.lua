-- token hash, now, floor
local found = standing(ARGV[1], ARGV[2], ARGV[3])
if found then drop(ARGV[1]) end
return found
