-- now, then per counter: name, free, wait, longest, failures that disable or '', most in the window or '', its span, memory
-- (0: for ever). Answers 0: allowed, -1: disabled, else until when it is held; and the counters written.
local MARGIN = 600000
local counters, held = {}, 0
for i = 2, #ARGV, 8 do
  local c = read(ARGV[i])
  c.name, c.at = ARGV[i], i
  counters[#counters + 1] = c
  if ARGV[i + 4] ~= '' and c.failures >= tonumber(ARGV[i + 4]) then return {-1} end
  if now < c.held then held = math.max(held, c.held) end
  if ARGV[i + 5] ~= '' then
    local oldest = c.times[#c.times - tonumber(ARGV[i + 5]) + 1]
    local till = oldest and tonumber(oldest) + tonumber(ARGV[i + 6]) or 0
    if now < till then held = math.max(held, till) end
  end
end
if held > 0 then return {held} end

local existed = redis.call('EXISTS', H) == 1
local answer = {0}
for _, c in ipairs(counters) do
  local free, wait, longest = tonumber(ARGV[c.at + 1]), tonumber(ARGV[c.at + 2]), tonumber(ARGV[c.at + 3])
  local most, memory = tonumber(ARGV[c.at + 5]), tonumber(ARGV[c.at + 7])
  c.failures = c.failures + 1
  if c.failures >= free and wait > 0 then
    c.held = now + math.min(wait * 2 ^ math.min(c.failures - free, 40), longest)
  end
  if most then
    c.times[#c.times + 1] = ARGV[1]
    while #c.times > most do table.remove(c.times, 1) end
  end
  c.ends = memory > 0 and now + memory or 0
  answer[#answer + 1] = write(c.name, c)
  keep_for(memory > 0 and memory + MARGIN or 0, existed)
  existed = true
end
return answer
