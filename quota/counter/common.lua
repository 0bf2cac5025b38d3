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
--                one; "sweep" -> when to look for reservations that nobody settled
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
  return string.format('%.0f', number)
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

-- live keeps a key for at least so many microseconds.
local function live(key, span)
  local ms = math.max(1, math.ceil(span / 1000))
  if redis.call('PTTL', key) < ms then
    redis.call('PEXPIRE', key, text(ms))
  end
end

-- message reads a member of copies.
local function message(member)
  local total, n, origin = string.match(member, '^(%d+):(%d+):(.*)$')
  return tonumber(total), tonumber(n), origin
end

-- Zeros keep the members of one time in the order of their totals.
local function member(total, n, origin)
  return string.format('%012.0f:%.0f:%s', total, n, origin)
end

-- messagesFrom lists the messages of a time and later, and the total of those
-- before.
local function messagesFrom(at)
  local found = redis.call('ZRANGE', COPIES, text(at), '+inf', 'BYSCORE', 'WITHSCORES')
  local list, before = {}, nil
  for i = 1, #found, 2 do
    local total, n, origin = message(found[i])
    list[#list + 1] = {at = tonumber(found[i + 1]), n = n, origin = origin}
    before = before or total - n
  end
  if not before then
    local newest = redis.call('ZRANGE', COPIES, '-1', '-1')[1]
    before = newest and message(newest) or 0
  end
  return list, before
end

-- replaceMessages puts the messages of the list, which are in the order of time,
-- in the place of all those from a time on.
local function replaceMessages(at, list, before)
  local ttl = redis.call('PTTL', COPIES)
  redis.call('ZREMRANGEBYSCORE', COPIES, text(at), '+inf')
  local args, total = {}, before
  for _, m in ipairs(list) do
    total = total + m.n
    args[#args + 1] = text(m.at)
    args[#args + 1] = member(total, m.n, m.origin)
  end
  each('ZADD', COPIES, args)
  if ttl > 0 then -- the key may have been gone in between
    redis.call('PEXPIRE', COPIES, ttl)
  end
end

-- reservations lists those not settled, by id, without the marks.
local function reservations()
  local list, fields = {}, redis.call('HGETALL', OPEN)
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 'r' then
      local at, origin, replaced = unpack(cmsgpack.unpack(fields[i + 1]))
      if origin then
        list[string.sub(fields[i], 2)] = {at = at, origin = origin, replaced = replaced}
      end
    end
  end
  return list
end

local function pack(r)
  return cmsgpack.pack({r.at, r.origin, r.replaced})
end

local function writeReservation(id, r)
  redis.call('HSET', OPEN, 'r' .. id, pack(r))
end
