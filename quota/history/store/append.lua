-- Appends decision records, and forgets old ones.
--
-- KEYS: [1] STREAM: the decision records, each with the fields
--           ref     the queue id; may be empty
--           record  JSON
--       [2] ZSET: the index by reference, all scores 0; members "ref\0id", with the id
--           in the stream
--       [3] STRING: the token of the last batch of this process, for a day
-- ARGV: [1] how long records are kept, in milliseconds
--       [2] the most records
--       [3] how many are forgotten at once
--       [4] the token of this batch; empty: nothing is appended
--       then ref and record of each
-- Reply: 1 where more may have to be forgotten, otherwise 0.

local stream, refs = KEYS[1], KEYS[2]

if ARGV[4] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[4] then
  for i = 5, #ARGV, 2 do
    local id = redis.call('XADD', stream, '*', 'ref', ARGV[i], 'record', ARGV[i + 1])
    if ARGV[i] ~= '' then
      redis.call('ZADD', refs, 0, ARGV[i] .. '\0' .. id)
    end
  end
  redis.call('SET', KEYS[3], ARGV[4], 'PX', 86400000)
end

local now = redis.call('TIME')
local oldest = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[1]
local excess = redis.call('XLEN', stream) - ARGV[2]

local function milliseconds(id)
  return tonumber(string.match(id, '^%d+'))
end

local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
if not first or excess <= 0 and milliseconds(first[1]) >= oldest then
  return 0
end

local step = tonumber(ARGV[3])
local entries = redis.call('XRANGE', stream, '-', '+', 'COUNT', step)
local last = 0
for i, entry in ipairs(entries) do
  if i > excess and milliseconds(entry[1]) >= oldest then
    break
  end
  redis.call('ZREM', refs, entry[2][2] .. '\0' .. entry[1])
  last = i
end
local ms, seq = string.match(entries[last][1], '^(%d+)-(%d+)$')
redis.call('XTRIM', stream, 'MINID', string.format('%s-%d', ms, seq + 1))
return last == step and 1 or 0
