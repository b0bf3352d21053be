-- Before every script on the log's slot.
local SEQ, LOG, ALL, BORN, NODES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

local function counter() return tonumber(redis.call('GET', SEQ) or '0') end

-- survives a restart with data, differs after a failover
local function replid() return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '' end

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

