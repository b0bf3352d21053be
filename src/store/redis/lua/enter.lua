-- Before every script that takes a pending sign-in and opens a session or rotates to it.
-- way, token hash of the pending sign-in, now, floor, session, its token hash, its old one or '', its record, began, idle
-- end, sweep after ms
local way, h, now, floor = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local sid, token, old, rec = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local began, idle, ttl = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
local WAYS = {step_up = 'rotate', enrol = 'confirm', replace = 'confirm'}

local function over()
  drop(h)
  return 'ended'
end

-- what refuses the entrance; or nil, the pending sign-in, the session as it is where there is one
local function refusal()
  if redis.call('HGET', A, 'disabled') ~= '0' then return over() end
  local there = redis.call('HGET', S, sid)
  local ended = math.max(mark(), floor)
  local p = pending(h, now)
  if not p then
    if not there and (way == 'rotate' or ended > began) then return 'ended' end
    return 'spent'
  end
  if p.purpose == 'sign_in' then
    if way == 'rotate' or there then return 'spent' end
    if ended > math.min(p.began, began) then return over() end
    return nil, p
  end
  if p.session ~= sid or WAYS[p.purpose] ~= way then return 'spent' end
  if not there or floor > tonumber(redis.call('HGET', S, 'b:' .. sid) or '0') then return over() end
  local e = cjson.decode(there).r
  -- rotated by somebody else since the caller read it
  if old ~= '' and e.token ~= old then return 'spent' end
  return nil, p, e
end

local function enter(e)
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
    if tonumber(redis.call('HGET', A, 'last') or '0') < now then redis.call('HSET', A, 'last', ARGV[3]) end
  end
  for method, at in pairs(cjson.decode(rec).r.proofs or {}) do
    local field = 'proof:' .. method
    if tonumber(redis.call('HGET', A, field) or '-1') < at then redis.call('HSET', A, field, string.format('%.0f', at)) end
  end
  redis.call('HSET', S, sid, rec, 'b:' .. sid, b, 'i:' .. sid, i, 't:' .. token, sid)
  keep_for(S, ttl)
  return e and 'rotated' or 'opened'
end

