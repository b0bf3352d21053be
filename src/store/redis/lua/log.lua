-- Before every script on the log's slot.
local SEQ, LOG, ALL, BORN, NODES, SINCE = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]

local function counter() return tonumber(redis.call('GET', SEQ) or '0') end

-- survives a restart with data, differs after a failover
local function replid() return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '' end

-- milliseconds by the server's clock
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- For how long (ms) this history has been followed, by whoever came first. Behind one that is new to all lies nothing.
local function age(new)
  local mine, now = replid(), clock()
  local whose, since = string.match(redis.call('GET', SINCE) or '', '^(%w*) (%d+)$')
  if new or whose ~= mine then
    since = new and 0 or now
    redis.call('SET', SINCE, mine .. ' ' .. string.format('%.0f', since))
  end
  return now - tonumber(since)
end

local function number_of(entry)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 's' then return tonumber(entry[2][i + 1]) end
  end
  return 0
end

-- the last entry's own number and id
local function tail()
  local last = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
  if not last then return 0, '0-0' end
  return number_of(last), last[1]
end

local function append(fact, everything)
  local seq = redis.call('INCR', SEQ)
  local text = string.format('%.0f', seq)
  redis.call('XADD', LOG, 'MAXLEN', '~', 100000, '*', 's', text, 'f', fact)
  if everything then redis.call('SET', ALL, text) end
  return seq
end

