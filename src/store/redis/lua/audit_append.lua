-- Keys: the stream, how far this node came, then an index for each user of these rows.
-- Arguments: for how long all is kept (ms), then for each row: number, time (ms), kind, actor, which index (0: none), line.
local stream, node = KEYS[1], KEYS[2]
local known = tonumber(redis.call('GET', node) or '0')
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
local last = newest[1] and tonumber(string.match(newest[1][1], '^%d+')) or 0

local function add(id, row)
  return redis.pcall('XADD', stream, id, 't', ARGV[row + 1], 'k', ARGV[row + 2], 'a', ARGV[row + 3], 'l', ARGV[row + 5])
end

for row = 2, #ARGV, 6 do
  local seq = tonumber(ARGV[row])
  if seq > known then
    -- never before what is there, nor before its own time
    last = math.max(last, tonumber(ARGV[row + 1]))
    local id = add(string.format('%.0f-*', last), row)
    if type(id) == 'table' then
      id = add('*', row) -- a stream that was emptied remembers a later entry
    end
    if type(id) == 'table' then
      return id
    end
    local ms, n = string.match(id, '(%d+)-(%d+)')
    last, known = tonumber(ms), seq
    local index = KEYS[2 + tonumber(ARGV[row + 4])]
    if index ~= node then
      redis.call('ZADD', index, 0, string.format('%013.0f-%07.0f', last, tonumber(n)))
    end
    redis.call('SET', node, ARGV[row], 'PX', ARGV[1])
  end
end

local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)
if first[1] then
  local ms = tonumber(string.match(first[1][1], '^%d+'))
  for i = 3, #KEYS do
    -- what the stream has lost
    redis.call('ZREMRANGEBYLEX', KEYS[i], '-', string.format('(%013.0f', ms))
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  end
  redis.call('PEXPIRE', stream, ARGV[1])
end
return 'OK'
