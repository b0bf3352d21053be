-- Before every script on a user's slot.
-- A account: rec, ver, disabled, name, email, last sign-in, step:<factor>, used:<factor>, proof:<method>;
--   its backup codes: b:set, b:salt, b:made, b:saved, and b:c:<digest> for each that is left
-- S sessions: <id> record, b:<id> began, i:<id> idle end, t:<token hash> id
-- P pending sign-ins: <token hash> record, f:<token hash> failures, u:<token hash> unconfirmed secret, d:<token hash> drift
-- M up to which log entry everything of the user is over
-- D devices: <id> record, t:<id> token hash, p:<id> the one before and until when, l:<id> last use, u:<id> trusted until
-- T throttles: <name> counter
local A, S, P, M, D, T = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local function mark() return tonumber(redis.call('GET', M) or '0') end

-- expiry is decided by the records' own times; this only sweeps
local function keep_for(key, ms)
  ms = math.min(tonumber(ms), 315360000000)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, string.format('%.0f', ms)) end
end

local function drop(h) redis.call('HDEL', P, h, 'f:' .. h, 'u:' .. h, 'd:' .. h) end

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
  local function of(kind) return redis.call('HGET', P, kind .. h) end
  return {rec, of('f:') or '0', of('u:') or '', of('d:') or ''}
end

-- 1: burnt, 0: burnt before, -1: no such factor
local function burn(factor, step, at)
  local last = redis.call('HGET', A, 'step:' .. factor)
  if not last then return -1 end
  if tonumber(step) <= tonumber(last) then return 0 end
  redis.call('HSET', A, 'step:' .. factor, step, 'used:' .. factor, at)
  return 1
end

local function spend_code(set, digest)
  return redis.call('HGET', A, 'b:set') == set and redis.call('HDEL', A, 'b:c:' .. digest) == 1
end

local function drop_backup()
  for _, f in ipairs(redis.call('HKEYS', A)) do
    if string.sub(f, 1, 2) == 'b:' then redis.call('HDEL', A, f) end
  end
end

local function drop_device(id)
  redis.call('HDEL', T, 'password:' .. id)
  return redis.call('HDEL', D, id, 't:' .. id, 'p:' .. id, 'l:' .. id, 'u:' .. id)
end

local function forget(sid)
  local rec = redis.call('HGET', S, sid)
  if not rec then return 0 end
  local r = cjson.decode(rec).r
  redis.call('HDEL', S, sid, 'b:' .. sid, 'i:' .. sid, 't:' .. r.token)
  if r.old and r.old ~= cjson.null then redis.call('HDEL', S, 't:' .. r.old.token) end
  return 1
end

-- The excepted session counts as begun after the mark from here on, so that one comparison serves everywhere; its device
-- stays as a known one.
local function end_user(seq, except)
  if mark() >= seq then return 0 end
  redis.call('SET', M, string.format('%.0f', seq))
  local kept = redis.call('HGET', S, except)
  local own = kept and cjson.decode(kept).r.device
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
  for _, f in ipairs(redis.call('HKEYS', D)) do
    if f == own then
      redis.call('HDEL', D, 'u:' .. f)
    elseif #f == 26 then
      drop_device(f)
    end
  end
  return 1
end

