-- Common to settle.lua and merge.lua, after common.lua: what they need to change
-- what has been counted.

-- recount has the next reservation look anew at what is counted.
local function recount()
  redis.call('HDEL', OPEN, 'sum', 'base', 'due')
end

-- live keeps a key for at least so many microseconds.
local function live(key, span)
  local ms = math.max(1, math.ceil(span / 1000))
  if redis.call('PTTL', key) < ms then
    redis.call('PEXPIRE', key, text(ms))
  end
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

local function writeReservation(id, r)
  redis.call('HSET', OPEN, 'r' .. id, pack(r))
end
