-- per fact: its text, '1' where it says that everything is over
local seq = 0
for i = 1, #ARGV, 2 do seq = append(ARGV[i], ARGV[i + 1] == '1') end
return seq
