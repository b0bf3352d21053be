-- and: set, digest
local no, _, e = refusal()
if no then return no end
if not spend_code(ARGV[12], ARGV[13]) then return 'replayed' end
return enter(e)
