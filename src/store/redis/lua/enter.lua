-- Takes a pending sign-in and opens or rotates a session; confirms an enrolment with it.
local way, h, now, floor = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local sid, token, old, rec = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local began, idle, ttl = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
-- for 'confirm': factor, account rec, its ver, the ver expected, last step, last use, whether there is a factor already
local factor, account, ver, expected, step, used = ARGV[12], ARGV[13], ARGV[14], ARGV[15], ARGV[16], ARGV[17]
local enrolled = ARGV[18]

if redis.call('HGET', A, 'disabled') ~= '0' then
  drop(h)
  return 'ended'
end
local there = redis.call('HGET', S, sid)
local ended = math.max(mark(), floor)
local p = pending(h, now)
if not p then
  if not there and (way == 'rotate' or ended > began) then return 'ended' end
  return 'spent'
end

local e
if p.purpose == 'sign_in' then
  if way == 'rotate' or there then return 'spent' end
  if ended > math.min(p.began, began) then
    drop(h)
    return 'ended'
  end
else
  if p.session ~= sid or way == 'open' or (way == 'rotate' and p.purpose ~= 'step_up') then return 'spent' end
  if not there or floor > tonumber(redis.call('HGET', S, 'b:' .. sid) or '0') then
    drop(h)
    return 'ended'
  end
  e = cjson.decode(there).r
  -- rotated by somebody else since the caller read it
  if old ~= '' and e.token ~= old then return 'spent' end
end

if way == 'confirm' then
  local u = redis.call('HGET', P, 'u:' .. h)
  if not u or cjson.decode(u).r.factor ~= factor then return 'spent' end
  if redis.call('HGET', A, 'ver') ~= expected then return 'again' end
  if enrolled == '1' then return 'spent' end
  redis.call('HSET', A, 'rec', account, 'ver', ver, 'step:' .. factor, step, 'used:' .. factor, used)
end
-- for 'open' and 'rotate' with a code: factor, step, now
if way ~= 'confirm' and factor then
  local last = redis.call('HGET', A, 'step:' .. factor)
  if not last then return 'spent' end
  if tonumber(ARGV[13]) <= tonumber(last) then return 'replayed' end
  redis.call('HSET', A, 'step:' .. factor, ARGV[13], 'used:' .. factor, ARGV[14])
end
drop(h)

local b, i = ARGV[9], ARGV[10]
if e then
  local eb, ei = redis.call('HGET', S, 'b:' .. sid) or '0', redis.call('HGET', S, 'i:' .. sid) or '0'
  if tonumber(eb) > began then b = eb end
  if tonumber(ei) > idle then i = ei end
  if e.old and e.old ~= cjson.null then redis.call('HDEL', S, 't:' .. e.old.token) end
  if old == '' then redis.call('HDEL', S, 't:' .. e.token) end
else
  -- what ran out goes when something new comes
  for _, f in ipairs(redis.call('HKEYS', S)) do
    if #f == 26 then
      local absolute = cjson.decode(redis.call('HGET', S, f)).r.absolute_end
      if math.min(tonumber(redis.call('HGET', S, 'i:' .. f) or '0'), absolute) <= now then forget(f) end
    end
  end
end
redis.call('HSET', S, sid, rec, 'b:' .. sid, b, 'i:' .. sid, i, 't:' .. token, sid)
keep_for(S, ttl)
return e and 'rotated' or 'opened'
