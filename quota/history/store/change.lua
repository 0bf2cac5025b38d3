-- Removes grants, and adds others.
--
-- KEYS: [1] HASH: as in grants.lua
-- ARGV: [1] the new version
--       [2] the most grants
--       [3] how many are removed
--       then the ids of those, and id and JSON of each that is added
-- Reply: 1, or 0 where there would be too many and none was added.

local key, first = KEYS[1], 4 + ARGV[3]
for i = 4, first - 1 do
  redis.call('HDEL', key, 'g:' .. ARGV[i])
end
redis.call('HSET', key, 'version', ARGV[1])
if redis.call('HLEN', key) - 1 + (#ARGV - first + 1) / 2 > tonumber(ARGV[2]) then
  return 0
end
for i = first, #ARGV, 2 do
  redis.call('HSET', key, 'g:' .. ARGV[i], ARGV[i + 1])
end
return 1
