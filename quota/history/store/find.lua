-- Finds the decision records of a reference.
--
-- KEYS: [1] STREAM, [2] ZSET: as in append.lua
-- ARGV: [1] the reference
--       [2] the most records
-- Reply: the records, in JSON, the newest first.

local members = redis.call('ZRANGEBYLEX', KEYS[2], '[' .. ARGV[1] .. '\0', '(' .. ARGV[1] .. '\1')
local ids = {}
for i, member in ipairs(members) do
  local id = string.sub(member, #ARGV[1] + 2)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  ids[i] = {id = id, ms = tonumber(ms), seq = tonumber(seq)}
end
table.sort(ids, function(a, b)
  return a.ms > b.ms or a.ms == b.ms and a.seq > b.seq
end)
local found = {}
for i = 1, math.min(#ids, tonumber(ARGV[2])) do
  local entry = redis.call('XRANGE', KEYS[1], ids[i].id, ids[i].id)[1]
  if entry then
    found[#found + 1] = entry[2][4]
  end
end
return found
