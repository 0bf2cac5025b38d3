-- Forgets all that is counted of a sender. A reservation that is open may be committed
-- or released later, as one that is not known.
--
-- KEYS: see common.lua.
-- Reply: 1.

redis.call('ZREMRANGEBYRANK', KEYS[1], '0', '-1')
redis.call('ZREMRANGEBYRANK', KEYS[2], '0', '-1')
local fields = redis.call('HKEYS', KEYS[3])
for from = 1, #fields, 2000 do -- as CHUNK in common.lua
  redis.call('HDEL', KEYS[3], unpack(fields, from, math.min(from + 1999, #fields)))
end
return 1
