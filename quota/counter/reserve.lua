-- Counts a message against all of its windows or, when one of them would be
-- exceeded, against none. The same id again, until it is settled, gets the same
-- answer and counts once.
--
-- KEYS: see common.lua.
-- ARGV: [1] id of the reservation
--       [2] n, how many recipients the message has
--       [3] windows, each "period limit kind;": microseconds, recipients, and d
--           for distinct recipients or c for copies
--       [4] digests of the n recipients, 8 bytes each; empty without a window of
--           distinct recipients
--       [5] how long a reservation can be released, in microseconds
--       [6...] ids that stood, and can be forgotten
-- Reply: [at, exceeded, used, retryAt]: when it was decided; the index of the
--        window that would be exceeded, the one that is free last, or -1; how
--        many recipients that holds; when there is room in all windows.

local id, n, settleWithin = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
local digests = digestsOf(ARGV[4], 8)
local now = clock()
local at, previous -- when each recipient was last reached
local sum = 0 -- the total of copies
local windows = {}
local keep = {d = 0, c = 0} -- how long an entry of each kind can matter
for per, limit, kind in string.gmatch(ARGV[3], '(%d+) (%d+) (%a);') do
  per = tonumber(per)
  windows[#windows + 1] = {per = per, limit = tonumber(limit), kind = kind}
  keep[kind] = math.max(keep[kind], per)
end

local function expire()
  if keep.d > 0 then
    redis.call('ZREMRANGEBYSCORE', REACHED, '-inf', text(at - keep.d))
    previous = lastReached(digests)
  end
  if keep.c > 0 then
    redis.call('ZREMRANGEBYSCORE', COPIES, '-inf', text(at - keep.c))
    local newest = redis.call('ZRANGE', COPIES, '-1', '-1')[1]
    sum = newest and message(newest) or 0
  end
end

-- outside counts the entries, the oldest, that the window does not hold.
local function outside(window, key)
  if window.per == keep[window.kind] then
    return 0 -- they have expired
  end
  return redis.call('ZCOUNT', key, '-inf', text(at - window.per))
end

-- Each kind's function returns how many recipients the window holds and, if the
-- message does not fit, the time of the entry that must leave for it to fit.
local usage = {}

function usage.c(window)
  local function entry(rank)
    local found = redis.call('ZRANGE', COPIES, rank, rank, 'WITHSCORES')
    if found[1] then
      local total, m = message(found[1])
      return total, m, tonumber(found[2])
    end
  end
  local first = outside(window, COPIES)
  local total, m = entry(first)
  if not total then
    return 0
  end
  local used = sum - (total - m)
  if used + n <= window.limit then
    return used
  end
  local last = redis.call('ZCARD', COPIES) - 1
  while first < last do -- to the first message whose leaving, with all before it, makes room
    local middle = math.floor((first + last) / 2)
    if sum - entry(middle) + n <= window.limit then
      last = middle
    else
      first = middle + 1
    end
  end
  local _, _, time = entry(first)
  return used, time
end

function usage.d(window)
  local rank = outside(window, REACHED)
  local used = redis.call('ZCARD', REACHED) - rank
  local over = used + n - window.limit
  if over <= 0 then
    return used
  end
  local look = math.min(over, CHUNK) -- at most so many of the oldest have to be seen
  local since, again = at - window.per, {} -- these are there already
  for i, time in ipairs(previous) do
    if time and time > since then
      again[digests[i]], over = true, over - 1
    end
  end
  local free
  while over > 0 do
    local found = redis.call('ZRANGE', REACHED, rank, rank + look - 1, 'WITHSCORES')
    if #found == 0 then
      break
    end
    for i = 1, #found, 2 do
      if over > 0 and not again[found[i]] then
        over, free = over - 1, tonumber(found[i + 1])
      end
    end
    rank = rank + look
  end
  return used, free
end

-- expireIn has a key forgotten when nothing of it matters any more.
local function expireIn(key, span)
  redis.call('PEXPIRE', key, text(math.ceil((at - now + span) / 1000)))
end

local function add()
  local time, replaced = text(at), {}
  if keep.c > 0 then
    redis.call('ZADD', COPIES, time, member(sum + n, n, ''))
    expireIn(COPIES, keep.c)
  end
  if keep.d > 0 then
    local args = {}
    for i, digest in ipairs(digests) do
      if previous[i] then
        replaced[#replaced + 1] = digest
        replaced[#replaced + 1] = previous[i]
      end
      args[2 * i - 1], args[2 * i] = time, digest
    end
    each('ZADD', REACHED, args)
    expireIn(REACHED, keep.d)
  end
  redis.call('HSET', OPEN, 'last', time, 'r' .. id, pack({at = at, origin = '', replaced = replaced}))
  expireIn(OPEN, math.max(keep.c, keep.d, settleWithin))
end

-- sweep forgets, now and then, the reservations that nobody settled.
local function sweep(due)
  if due and tonumber(due) > at then
    return
  end
  local fields = redis.call('HGETALL', OPEN)
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 1) == 'r' and at - cmsgpack.unpack(fields[i + 1])[1] > settleWithin then
      redis.call('HDEL', OPEN, fields[i])
    end
  end
  redis.call('HSET', OPEN, 'sweep', text(at + settleWithin))
end

if #ARGV > 5 then
  local fields = {}
  for i = 6, #ARGV do
    fields[i - 5] = 'r' .. ARGV[i]
  end
  each('HDEL', OPEN, fields)
end
local known, last, due = unpack(redis.call('HMGET', OPEN, 'r' .. id, 'last', 'sweep'))
if known then
  local time, origin = unpack(cmsgpack.unpack(known))
  if not origin then
    return redis.error_reply('GONE this reservation was released before it arrived')
  end
  return {time, -1, 0, 0}
end
at = math.max(now, last and last + 1 or 0)
at = at + at % 2 -- relays give out the odd ones: none of them is the time of two messages
expire()
local exceeded, used, retryAt = -1, 0, 0
for i, window in ipairs(windows) do
  local holds, free = usage[window.kind](window)
  if free and free + window.per > retryAt then
    exceeded, used, retryAt = i - 1, holds, free + window.per
  end
end
if exceeded < 0 then
  add()
  sweep(due)
end
return {at, exceeded, used, retryAt}
