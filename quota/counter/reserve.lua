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

if #ARGV > 5 then
  local fields = {}
  for i = 6, #ARGV do
    fields[i - 5] = 'r' .. ARGV[i]
  end
  each('HDEL', OPEN, fields)
end
local known, last, sum, base, due, sweep = unpack(redis.call('HMGET', OPEN, 'r' .. id, 'last', 'sum', 'base', 'due', 'sweep'))
if known then
  local time, origin = unpack(cmsgpack.unpack(known))
  if not origin then
    return redis.error_reply('GONE this reservation was released before it arrived')
  end
  return {time, -1, 0, 0}
end
sum, base = tonumber(sum or nil), tonumber(base or nil)

local now = clock()
local at = math.max(now, last and last + 1 or 0)
at = at + at % 2 -- relays give out the odd ones: none of them is the time of two messages

local windows = {}
local keep = {d = 0, c = 0} -- how long an entry of each kind can matter
for per, limit, kind in string.gmatch(ARGV[3], '(%d+) (%d+) (%a);') do
  per = tonumber(per)
  windows[#windows + 1] = {per = per, limit = tonumber(limit), kind = kind}
  keep[kind] = math.max(keep[kind], per)
end

-- To tidy up for every message would cost more than to count it.
local rest = math.max(keep.d, keep.c) / 4
if keep.d > 0 and keep.c > 0 then
  rest = math.min(keep.d, keep.c) / 4
end
local tidied = false

-- tidy forgets what no window can hold any more.
local function tidy()
  if keep.d > 0 then
    redis.call('ZREMRANGEBYSCORE', REACHED, '-inf', text(at - keep.d))
  end
  if keep.c > 0 then
    redis.call('ZREMRANGEBYSCORE', COPIES, '-inf', text(at - keep.c))
    local newest, oldest = redis.call('ZRANGE', COPIES, '-1', '-1')[1], redis.call('ZRANGE', COPIES, '0', '0')[1]
    sum, base = 0, 0
    if newest then
      local total, m = message(oldest)
      sum, base = message(newest), total - m
    end
  end
  tidied = true
end

-- roomy reports whether every window would hold the message even if nothing had
-- left it since Redis was tidied.
local function roomy()
  local held = {d = keep.d > 0 and redis.call('ZCARD', REACHED), c = keep.c > 0 and sum - base}
  for _, window in ipairs(windows) do
    if held[window.kind] + n > window.limit then
      return false
    end
  end
  return true
end

local digests = digestsOf(ARGV[4], 8)
local previous = keep.d > 0 and lastReached(digests)

-- decide returns the index of the window that would be exceeded, or -1, how many
-- recipients it holds, and when there is room in all windows. Redis is tidy.
local function decide()
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

  local exceeded, used, retryAt = -1, 0, 0
  for i, window in ipairs(windows) do
    local holds, free = usage[window.kind](window)
    if free and free + window.per > retryAt then
      exceeded, used, retryAt = i - 1, holds, free + window.per
    end
  end
  return exceeded, used, retryAt
end

-- expireIn has a key forgotten when nothing of it matters any more, even if
-- messages come until Redis is tidied again.
local function expireIn(key, span)
  redis.call('PEXPIRE', key, text(math.ceil((at - now + span + rest) / 1000)))
end

-- replaced lists the recipients reached again, with the times before.
local function replaced()
  local list = {}
  for i, digest in ipairs(digests) do
    if previous[i] then
      list[#list + 1] = digest
      list[#list + 1] = previous[i]
    end
  end
  return list
end

local function add()
  local time = text(at)
  local fields = {'last', time, 'r' .. id, pack({at = at, origin = '', replaced = previous and replaced() or {}})}
  if keep.c > 0 then
    redis.call('ZADD', COPIES, time, member(sum + n, n, ''))
    fields[5], fields[6], fields[7], fields[8] = 'sum', text(sum + n), 'base', text(base)
  end
  if keep.d > 0 then
    local args = {}
    for i, digest in ipairs(digests) do
      args[2 * i - 1], args[2 * i] = time, digest
    end
    each('ZADD', REACHED, args)
  end
  if tidied then
    fields[#fields + 1] = 'due'
    fields[#fields + 1] = text(at + rest) .. ' ' .. ARGV[3]
  end
  redis.call('HSET', OPEN, unpack(fields))
  if tidied then
    expireIn(REACHED, keep.d)
    expireIn(COPIES, keep.c)
    expireIn(OPEN, math.max(keep.c, keep.d, settleWithin))
  end
end

-- forget forgets, now and then, the reservations that nobody settled.
local function forget()
  if sweep and tonumber(sweep) > at then
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

-- A time of today has 16 digits. What is due by other windows says nothing.
local tidy_enough = due and string.sub(due, 18) == ARGV[3] and tonumber(string.sub(due, 1, 16)) > at
if not tidy_enough or keep.c > 0 and not sum then
  tidy()
end
local exceeded, used, retryAt = -1, 0, 0
if not roomy() then
  if not tidied then
    tidy()
  end
  exceeded, used, retryAt = decide()
end
if exceeded < 0 then
  add()
  forget()
end
return {at, exceeded, used, retryAt}
