-- Renames what stands in the place of a sender's keys and is of another type, so
-- that the sender can be counted again.
--
-- KEYS: [1] [2] [3] see common.lua
--       [4] [5] [6] the names for them aside, with the same hash tag; what an
--                   earlier run put there is overwritten
-- ARGV: [1] for how long they are kept aside, in milliseconds
-- Reply: how many keys were renamed.

local renamed = 0
for i, want in ipairs({'zset', 'zset', 'hash'}) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= 'none' and found ~= want then
    redis.call('RENAME', KEYS[i], KEYS[i + 3])
    redis.call('PEXPIRE', KEYS[i + 3], ARGV[1])
    renamed = renamed + 1
  end
end
return renamed
