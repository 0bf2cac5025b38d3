-- Replaces the roster, if it is still the one that was read.
--
-- KEYS: [1] STRING: the roster, JSON
-- ARGV: [1] "1" where there was one, "0" where there was none
--       [2] the one that was read
--       [3] the one to store
-- Reply: 1, or 0 where another relay was first.

local text = redis.call('GET', KEYS[1])
if (text and '1' or '0') ~= ARGV[1] or (text or '') ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[3])
return 1
