-- Before every script on a user's slot.
-- A account: rec, ver, disabled, name, email, step:<factor>, used:<factor>
-- S sessions: <id> record, b:<id> began, i:<id> idle end, t:<token hash> id
-- P pending sign-ins: <token hash> record, f:<token hash> failures, u:<token hash> unconfirmed secret
-- M up to which log entry everything of the user is over
local A, S, P, M = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function mark() return tonumber(redis.call('GET', M) or '0') end

-- expiry is decided by the records' own times; this only sweeps
local function keep_for(key, ms)
  ms = math.min(tonumber(ms), 315360000000)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, string.format('%.0f', ms)) end
end

local function drop(h) redis.call('HDEL', P, h, 'f:' .. h, 'u:' .. h) end

local function pending(h, now)
  local rec = redis.call('HGET', P, h)
  if not rec then return nil end
  local r = cjson.decode(rec).r
  if tonumber(now) >= r['ends'] then return nil end
  return r, rec
end

-- the pending sign-in, if nothing has ended it: neither time, nor an ending of the user's, nor of its session
local function standing(h, now, floor)
  local r, rec = pending(h, now)
  if not r then return false end
  if r.purpose == 'sign_in' then
    if math.max(mark(), tonumber(floor)) > r.began then return false end
  elseif redis.call('HEXISTS', S, r.session) == 0 then
    return false
  end
  return {rec, redis.call('HGET', P, 'f:' .. h) or '0', redis.call('HGET', P, 'u:' .. h) or ''}
end

local function forget(sid)
  local rec = redis.call('HGET', S, sid)
  if not rec then return 0 end
  local r = cjson.decode(rec).r
  redis.call('HDEL', S, sid, 'b:' .. sid, 'i:' .. sid, 't:' .. r.token)
  if r.old and r.old ~= cjson.null then redis.call('HDEL', S, 't:' .. r.old.token) end
  return 1
end

-- The excepted session counts as begun after the mark from here on, so that one comparison serves everywhere.
local function end_user(seq, except)
  if mark() >= seq then return 0 end
  redis.call('SET', M, string.format('%.0f', seq))
  for _, f in ipairs(redis.call('HKEYS', S)) do
    if #f == 26 then
      if f == except then
        redis.call('HSET', S, 'b:' .. f, string.format('%.0f', seq))
      elseif tonumber(redis.call('HGET', S, 'b:' .. f) or '0') < seq then
        forget(f)
      end
    end
  end
  for _, f in ipairs(redis.call('HKEYS', P)) do
    if #f == 64 and cjson.decode(redis.call('HGET', P, f)).r.began < seq then drop(f) end
  end
  return 1
end

