-- Reads the roster, and the clock of the server that holds it.
--
-- KEYS: [1] STRING: the roster, JSON
-- Reply: the time in milliseconds since 1970, then the roster, if there is one

local time = redis.call('TIME')
local reply = {time[1] * 1000 + math.floor(time[2] / 1000)}
local text = redis.call('GET', KEYS[1])
if text then
  reply[2] = text
end
return reply
