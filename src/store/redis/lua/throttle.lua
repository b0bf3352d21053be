-- Before every script on throttles; the arithmetic is that of store/throttle.rs.
-- H <name> -> failures|held until|ends (0: never)|times of the newest, oldest first
local H, now = KEYS[1], tonumber(ARGV[1])

local function text(n) return string.format('%.0f', n) end

local function read(name)
  local c = {failures = 0, held = 0, ends = 0, times = {}}
  local failures, held, ends, times = string.match(redis.call('HGET', H, name) or '', '^(%d+)|(%d+)|(%d+)|(.*)$')
  if not failures or (ends ~= '0' and tonumber(ends) <= now) then return c end
  c.failures, c.held, c.ends = tonumber(failures), tonumber(held), tonumber(ends)
  for t in string.gmatch(times, '%d+') do c.times[#c.times + 1] = t end
  return c
end

local function write(name, c)
  local value = table.concat({text(c.failures), text(c.held), text(c.ends), table.concat(c.times, ',')}, '|')
  redis.call('HSET', H, name, value)
  return value
end

-- 0: until somebody clears it
local function keep_for(ms, existed)
  local ttl = redis.call('PTTL', H)
  if ms == 0 then
    redis.call('PERSIST', H)
  elseif not existed or (ttl >= 0 and ttl < ms) then
    redis.call('PEXPIRE', H, text(math.min(ms, 315360000000)))
  end
end

