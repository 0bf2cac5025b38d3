-- Reads the grants, unless they are known.
--
-- KEYS: [1] HASH: "version" -> a word that each change replaces; the id of each grant,
--           after "g:" -> JSON
-- ARGV: [1] the version that is known; empty: none
-- Reply: the version, and the grants where it is another one. It is empty where there
--        never were any.

local version = redis.call('HGET', KEYS[1], 'version') or ''
local reply = {version}
if version ~= ARGV[1] then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'g:' then
      reply[#reply + 1] = all[i + 1]
    end
  end
end
return reply
