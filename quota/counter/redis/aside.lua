-- Renames those of a sender's keys that have a wrong type, so that the sender can be
-- counted again.
--
-- KEYS: [1] [2] [3] see common.lua
--       [4] [5] [6] their new names, with the same hash tag; what an earlier run put
--                   there is overwritten
-- ARGV: [1] for how long they are kept under these names, in milliseconds
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
