-- Keys: the stream, a user's index. Arguments: command, from, to, how many. The last member looked at, how many there
-- were, and those entries that the stream still has.
local members = redis.call(ARGV[1], KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])
local found = {}
for _, member in ipairs(members) do
  local ms, n = string.match(member, '(%d+)-(%d+)')
  local id = string.format('%.0f-%.0f', tonumber(ms), tonumber(n))
  local entry = redis.call('XRANGE', KEYS[1], id, id)
  if entry[1] then
    found[#found + 1] = entry[1]
  end
end
return {members[#members] or '', #members, found}
