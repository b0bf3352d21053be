-- token hash, now, floor
if not standing(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
local p = pending(ARGV[1], ARGV[2])
if p.purpose ~= 'codes' or not p.codes or p.codes == cjson.null then return 0 end
drop(ARGV[1])
if redis.call('HGET', A, 'b:set') ~= p.codes.set then return 0 end
redis.call('HSET', A, 'b:saved', '1')
return 1
