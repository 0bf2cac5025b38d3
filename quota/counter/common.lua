-- Common to reserve.lua, settle.lua and merge.lua: each is sent to Redis with
-- this text before its own.
--
-- KEYS, in all of them: what Redis holds of one sender. The three share a hash
-- tag, and so a slot of a Cluster.
--   [1] reached  ZSET: digest of a recipient, 8 bytes -> when it was last reached
--   [2] copies   ZSET: one member a message -> when it was reserved. A member is
--                "total:n:origin": the message's n recipients, the total of
--                all messages up to and with it, and where it was counted: empty
--                for here, else who merged it
--   [3] open     HASH: "r" and an id -> a reservation that is not settled;
--                "last" -> the newest time given out, no two reservations share
--                one; "sweep" -> when to look for reservations that nobody settled;
--                "sum" -> the total of all messages, "base" -> that of those
--                forgotten, "due" -> when to forget more, and for which windows:
--                whoever changes what is counted, other than by a reservation,
--                deletes these three
--
-- A reservation is MessagePack of [at, origin, [digest, time, ...]]: the last are
-- the recipients that it reached again, with the times that it replaced. An origin
-- of false makes it a mark: its id was released before it arrived.
--
-- Times are microseconds since 1970 on Redis's clock. They are below 2^53, so
-- that Lua's numbers and the scores of a ZSET hold them exactly.

local REACHED, COPIES, OPEN = KEYS[1], KEYS[2], KEYS[3]

-- Values given to one command: Lua unpacks at most some 8000.
local CHUNK = 2000

-- Lua itself would write 1.8e+15, and lose digits.
local function text(number)
  return string.format('%d', number)
end

local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end

-- each calls a command with the values of a list, CHUNK at a time.
local function each(command, key, list)
  for from = 1, #list, CHUNK do
    redis.call(command, key, unpack(list, from, math.min(from + CHUNK - 1, #list)))
  end
end

-- digestsOf lists the digests of a blob of entries of so many bytes, each
-- beginning with one.
local function digestsOf(blob, bytes)
  local list = {}
  for from = 1, #blob, bytes do
    list[#list + 1] = string.sub(blob, from, from + 7)
  end
  return list
end

-- lastReached lists when each recipient was last reached; false: not at all.
local function lastReached(digests)
  local times = {}
  for from = 1, #digests, CHUNK do
    local scores = redis.call('ZMSCORE', REACHED, unpack(digests, from, math.min(from + CHUNK - 1, #digests)))
    for i = 1, #scores do
      times[from + i - 1] = scores[i] and tonumber(scores[i])
    end
  end
  return times
end

-- message reads a member of copies.
local function message(member)
  local total, n, origin = string.match(member, '^(%d+):(%d+):(.*)$')
  return tonumber(total), tonumber(n), origin
end

-- Zeros keep the members of one time in the order of their totals.
local function member(total, n, origin)
  return string.format('%012d:%d:%s', total, n, origin)
end

local function pack(r)
  return cmsgpack.pack({r.at, r.origin, r.replaced})
end
