-- and: factor, step
local no, _, e = refusal()
if no then return no end
local said = burn(ARGV[12], ARGV[13], ARGV[3])
if said ~= 1 then return said == 0 and 'replayed' or 'spent' end
return enter(e)
