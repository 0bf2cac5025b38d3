-- Common to reserve.lua, release.lua and usage.lua: each is sent to Redis with this
-- text before its own, and before this text the constants of store.go.
--
-- KEYS, in all: what Redis holds of one sender. The three share a hash tag, and so
-- a slot of a Cluster.
--   [1] reached   ZSET: digest of a recipient, 8 bytes -> when it was last reached
--   [2] messages  ZSET: one member "n:id" a message of n recipients -> when it was
--                 reserved
--   [3] state     HASH:
--                 last  the newest time given out: no two reservations share one
--                 open  the reservations that are neither committed nor released,
--                       in the order of time, each "id time n;"
--                 sums  for each window of copies of the class judged last
--                       "per head sum;": the messages after the time head add up
--                       to sum
--                 due   "time kept": when to look next for what no window can hold
--                       any more, unless ARGV[4] of reserve.lua is no longer kept
--                 windows, sender
--                       ARGV[3] and ARGV[6] of reserve.lua, of the message counted last
--                 r<id> of an open reservation, what its release restores: a
--                       MessagePack list [time, digests, time, digests, ...] of
--                       the recipients that it reached again, by the time that it
--                       replaced
--                 o<id> the ids of the later reservations that replaced the time
--                       of this one, each followed by a space. Some may not be open
--                       any more, and some stand there twice
--
-- Times are microseconds since 1970 on Redis's clock. They are below 2^53, so
-- that Lua's numbers and the scores of a ZSET hold them exactly.

local REACHED, MESSAGES, STATE = KEYS[1], KEYS[2], KEYS[3]

-- Values given to one command: Lua unpacks at most some 8000.
local CHUNK = 2000

-- The longest field o<id> in bytes that is only added to: who gives up one message
-- after another, while earlier ones are open, would let it grow without end.
local LATER = 4096

-- Lua itself would write 1.8e+15, and lose digits.
local function text(number)
  return string.format('%d', number)
end

-- each calls a command with the values of a list, CHUNK at a time.
local function each(command, key, list)
  for from = 1, #list, CHUNK do
    redis.call(command, key, unpack(list, from, math.min(from + CHUNK - 1, #list)))
  end
end

local function member(n, id)
  return string.format('%d:%s', n, id)
end

-- readOpen reads the field open: a list of {id, at, n} in the order of time.
local function readOpen(field)
  local open = {}
  for id, at, n in string.gmatch(field or '', '(%S+) (%d+) (%d+);') do
    open[#open + 1] = {id = id, at = tonumber(at), n = tonumber(n)}
  end
  return open
end

local function writeOpen(open)
  local parts = {}
  for i, r in ipairs(open) do
    parts[i] = string.format('%s %d %d;', r.id, r.at, r.n)
  end
  return table.concat(parts)
end

-- readSums reads the field sums: by the length of the window, {head, sum}.
local function readSums(field)
  local sums = {}
  for per, head, sum in string.gmatch(field or '', '(%d+) (%d+) (%d+);') do
    sums[tonumber(per)] = {head = tonumber(head), sum = tonumber(sum)}
  end
  return sums
end

local function writeSums(sums)
  local parts = {}
  for per, s in pairs(sums) do
    parts[#parts + 1] = string.format('%d %d %d;', per, s.head, s.sum)
  end
  return table.concat(parts)
end

-- onlyOpen leaves of a list of ids, each followed by a space, those that are open,
-- each once.
local function onlyOpen(ids, open)
  local wanted = {}
  for _, r in ipairs(open) do
    wanted[r.id .. ' '] = true
  end
  return (string.gsub(ids, '%S+ ', function(id)
    if not wanted[id] then
      return ''
    end
    wanted[id] = nil
  end))
end

-- addLater notes, in each open reservation whose time is among those of the groups,
-- that the later reservation `id` replaced its time, and so has to be changed when
-- the earlier one is released.
local function addLater(id, groups, open)
  for _, r in ipairs(open) do
    if groups[r.at] then
      local field = 'o' .. r.id
      local later = redis.call('HGET', STATE, field) or ''
      if #later > LATER then
        later = onlyOpen(later, open)
      end
      redis.call('HSET', STATE, field, later .. id .. ' ')
    end
  end
end

-- packGroups and unpackGroups are the form of the field r<id>: by the time that
-- was replaced, the digests that had it.
local function packGroups(groups)
  local list = {}
  for time, digests in pairs(groups) do
    list[#list + 1] = time
    list[#list + 1] = digests
  end
  return cmsgpack.pack(list)
end

local function unpackGroups(packed)
  local groups = {}
  if packed then
    local list = cmsgpack.unpack(packed)
    for i = 1, #list, 2 do
      groups[list[i]] = list[i + 1]
    end
  end
  return groups
end
