-- Counts a message against all of its windows or, when one of them would be
-- exceeded, against none. The same id again, until it is committed or released,
-- gets the same answer and counts once.
--
-- With TRY it answers in the same way, and counts nothing. It then changes nothing,
-- unless times have to be moved back because a clock was ahead.
--
-- KEYS: see common.lua.
-- ARGV: [1] id of the reservation
--       [2] n, how many recipients the message has
--       [3] the windows of the sender's class, each "period limit kind;":
--           microseconds, recipients, and d for distinct recipients or c for copies
--       [4] what is kept for the windows of any class: "distinct copies", the longest
--           period of a window of each kind, zero where no class has one
--       [5] digests of the n recipients, 8 bytes each; empty where nothing is kept
--           of distinct recipients
--       [6] the sender
--       [7...] ids that are committed
-- Reply: [at, exceeded, used, retryAt]: the time of the decision; the index of the
--        window that would be exceeded (of several, the one with room last); how many
--        recipients it holds; when there will be room in all windows. exceeded is -1
--        for a message that is reserved, and -2 when too many are open.

-- It is written as one piece, with few functions: those that a run does not need cost
-- as much to make as all else that it does for a message to a few.

local id, n = ARGV[1], tonumber(ARGV[2])
local keepDistinct, keepCopies = string.match(ARGV[4], '(%d+) (%d+)')
keepDistinct, keepCopies = tonumber(keepDistinct), tonumber(keepCopies)

local fields = redis.call('HMGET', STATE, 'last', 'open', 'sums', 'due', 'windows', 'sender')
local last, open, sums, due = tonumber(fields[1] or 0), readOpen(fields[2]), readSums(fields[3]), fields[4]
local openChanged, sumsChanged = false, false
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local ahead = last > now + TOLERANCE -- what was given out by a clock that was ahead
local writes = ahead or not TRY

-- commit commits the open reservations for which done returns true: it forgets what
-- their release would need.
local function commit(done)
  local kept, gone = {}, {}
  for _, r in ipairs(open) do
    if done(r) then
      gone[#gone + 1] = 'r' .. r.id
      gone[#gone + 1] = 'o' .. r.id
    else
      kept[#kept + 1] = r
    end
  end
  if #gone > 0 then
    if writes then
      each('HDEL', STATE, gone)
    end
    open, openChanged = kept, true
  end
end

-- save writes what has changed of the state, with further fields and values.
local function save(list)
  if openChanged then
    list[#list + 1] = 'open'
    list[#list + 1] = writeOpen(open)
  end
  if sumsChanged then
    list[#list + 1] = 'sums'
    list[#list + 1] = writeSums(sums)
  end
  if #list > 0 and writes then
    redis.call('HSET', STATE, unpack(list))
  end
end

if #ARGV > 6 then
  local committed = {}
  for i = 7, #ARGV do
    committed[ARGV[i]] = true
  end
  commit(function(r) return committed[r.id] end)
end
for _, r in ipairs(open) do
  if r.id == id then
    save({})
    return {r.at, -1, 0, 0}
  end
end

local keep = math.max(keepDistinct, keepCopies)
-- How long to leave between two looks for what is past: one for every message would
-- cost more than counting it.
local rest = keep / 4
if keepDistinct > 0 and keepCopies > 0 then
  rest = math.min(keepDistinct, keepCopies) / 4
end

-- Times that lie in the future, since the clock was ahead when they were given out,
-- are moved back together: the last of them is now.
if ahead then
  local shift, from = last - now, now + TOLERANCE
  local function moved(at)
    return at > from and at - shift or at
  end
  for _, key in ipairs({REACHED, MESSAGES}) do
    local args, found = {}, redis.call('ZRANGE', key, '(' .. text(from), '+inf', 'BYSCORE', 'WITHSCORES')
    for i = 1, #found, 2 do
      args[i], args[i + 1] = text(found[i + 1] - shift), found[i]
    end
    each('ZADD', key, args)
  end
  for _, key in ipairs(KEYS) do -- the time to live was too long, too
    redis.call('PEXPIRE', key, text(math.ceil((math.max(keep, LIFE) + rest) / 1000)))
  end
  for _, r in ipairs(open) do
    r.at = moved(r.at)
    local packed = redis.call('HGET', STATE, 'r' .. r.id)
    if packed then
      local groups = {}
      for at, digests in pairs(unpackGroups(packed)) do
        groups[moved(at)] = (groups[moved(at)] or '') .. digests
      end
      redis.call('HSET', STATE, 'r' .. r.id, packGroups(groups))
    end
  end
  table.sort(open, function(a, b) return a.at < b.at end)
  sums, due, last, openChanged, sumsChanged = {}, nil, now, true, true
  -- Even if this message is refused: or they would be moved once more, and too far.
  redis.call('HSET', STATE, 'last', text(last))
  redis.call('HDEL', STATE, 'due')
end

local at = math.max(now, last + 1)
-- The messages may have expired before the sums, or were set aside.
if next(sums) and redis.call('ZCARD', MESSAGES) == 0 then
  sums, sumsChanged = {}, true
end
local windows = {}
for per, limit, kind in string.gmatch(ARGV[3], '(%d+) (%d+) (%a);') do
  windows[#windows + 1] = {per = tonumber(per), limit = tonumber(limit), kind = kind}
end

-- readMessages calls back with the number of recipients and the time of each
-- message after a time, and up to another one, at most so many of them.
local function readMessages(from, to, most, call)
  local found = redis.call('ZRANGE', MESSAGES, '(' .. text(from), to, 'BYSCORE', 'LIMIT', '0', text(most), 'WITHSCORES')
  for i = 1, #found, 2 do
    call(tonumber(string.match(found[i], '^%d+')), tonumber(found[i + 1]))
  end
  return #found / 2
end

-- heldCopies is how many recipients of messages a window holds.
local function heldCopies(window)
  local s, since = sums[window.per], at - window.per
  local most = 2147483647
  if not s then
    s = {head = since, sum = 0}
    sums[window.per], sumsChanged = s, true
    readMessages(since, '+inf', most, function(m) s.sum = s.sum + m end)
  elseif s.head < since then
    local left = readMessages(s.head, text(since), most, function(m) s.sum = s.sum - m end)
    s.head, sumsChanged = since, sumsChanged or left > 0
  end
  return s.sum
end

-- currentSums are the sums of this class's windows. Those of other classes are dropped:
-- they would have to be kept up to date though nobody uses them.
local function currentSums()
  local current = {}
  for _, window in ipairs(windows) do
    if window.kind == 'c' then
      current[window.per] = sums[window.per]
    end
  end
  return current
end

-- What no window can hold any more, of any class, is forgotten, and so are the
-- reservations that nobody can release any more. A time of today has 16 digits; what
-- is due for other windows says nothing.
local tidied = not due or tonumber(string.sub(due, 1, 16)) <= at or string.sub(due, 18) ~= ARGV[4]
if tidied then
  for _, window in ipairs(windows) do
    if window.kind == 'c' then
      heldCopies(window) -- before messages go that it still counts
    end
  end
  sums, sumsChanged = currentSums(), true
  if keepDistinct > 0 and not TRY then
    redis.call('ZREMRANGEBYSCORE', REACHED, '-inf', text(at - keepDistinct))
  end
  if keepCopies > 0 and not TRY then
    redis.call('ZREMRANGEBYSCORE', MESSAGES, '-inf', text(at - keepCopies))
    -- Each message has a recipient: the oldest beyond any limit matter to no window,
    -- even if all the open ones are released.
    local surplus = redis.call('ZCARD', MESSAGES) - MESSAGES_MOST
    if surplus > 0 then
      redis.call('ZREMRANGEBYRANK', MESSAGES, '0', text(surplus - 1))
      sums = {}
    end
  end
  commit(function(r) return at - r.at > LIFE end)
end

if #open >= CROWD then
  commit(function(r) return at - r.at > CROWDED end)
  if #open >= CROWD then
    save({})
    return {at, -2, 0, 0}
  end
end

local digests, blob = {}, ARGV[5]
for i = 1, #blob / 8 do
  digests[i] = string.sub(blob, 8 * i - 7, 8 * i)
end
local previous = {} -- when each recipient was last reached; false: not at all
for from = 1, #digests, CHUNK do
  local scores = redis.call('ZMSCORE', REACHED, unpack(digests, from, math.min(from + CHUNK - 1, #digests)))
  for i = 1, #scores do
    previous[from + i - 1] = scores[i] and tonumber(scores[i])
  end
end

-- Would every window hold the message even if nothing had left it since it was last
-- looked at?
local roomy, reached = true, nil
for _, window in ipairs(windows) do
  local held
  if window.kind == 'd' then
    reached = reached or redis.call('ZCARD', REACHED)
    held = reached
  else
    held = sums[window.per] and sums[window.per].sum or heldCopies(window)
  end
  roomy = roomy and held + n <= window.limit
end

if not roomy then
  -- Each kind's function returns how many recipients the window holds and, if the
  -- message does not fit, the time of the entry that must leave for it to fit.
  local usage = {}

  function usage.c(window)
    local used = heldCopies(window)
    local over, free, from = used + n - window.limit, nil, at - window.per
    while over > 0 do
      local seen = readMessages(from, '+inf', math.min(over, CHUNK), function(m, left)
        from = left
        if over > 0 then
          over, free = over - m, left
        end
      end)
      if seen == 0 then
        break
      end
    end
    return used, free
  end

  function usage.d(window)
    local since = at - window.per
    local rank = redis.call('ZCOUNT', REACHED, '-inf', text(since))
    local used = redis.call('ZCARD', REACHED) - rank
    local over = used + n - window.limit
    if over <= 0 then
      return used
    end
    local look = math.min(over, CHUNK) -- at most so many of the oldest have to be seen
    local again = {} -- these are there already
    for i, before in ipairs(previous) do
      if before and before > since then
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
  if exceeded >= 0 then
    save({})
    return {at, exceeded, used, retryAt}
  end
end

if TRY then
  save({})
  return {at, -1, 0, 0}
end

-- The message fits, and is counted.
local list = {'last', text(at)}
if keepDistinct > 0 then
  local groups, again, args = {}, false, {} -- digests by the time that they replace
  for i, digest in ipairs(digests) do
    local replaced = previous[i]
    if replaced then
      again = true
      local those = groups[replaced]
      if those then
        those[#those + 1] = digest
      else
        groups[replaced] = {digest}
      end
    end
    args[2 * i - 1], args[2 * i] = list[2], digest
  end
  each('ZADD', REACHED, args)
  if again then
    for replaced, those in pairs(groups) do
      groups[replaced] = table.concat(those)
    end
    addLater(id, groups, open)
    list[#list + 1] = 'r' .. id
    list[#list + 1] = packGroups(groups)
  end
end
if keepCopies > 0 then
  redis.call('ZADD', MESSAGES, list[2], member(n, id))
  sums, sumsChanged = currentSums(), true
  for _, s in pairs(sums) do
    s.sum = s.sum + n
  end
end
open[#open + 1] = {id = id, at = at, n = n}
openChanged = true
if fields[5] ~= ARGV[3] or fields[6] ~= ARGV[6] then
  list[#list + 1] = 'windows'
  list[#list + 1] = ARGV[3]
  list[#list + 1] = 'sender'
  list[#list + 1] = ARGV[6]
end
if tidied then
  list[#list + 1] = 'due'
  list[#list + 1] = string.format('%d %s', at + rest, ARGV[4])
end
save(list)

-- A key expires when nothing of it matters any more, even if messages come until the
-- next tidying up. A time to live never shrinks.
if tidied then
  for key, span in pairs({[REACHED] = keepDistinct, [MESSAGES] = keepCopies, [STATE] = math.max(keep, LIFE)}) do
    if redis.call('PTTL', key) * 1000 < span + rest then
      redis.call('PEXPIRE', key, text(math.ceil((span + rest) / 1000)))
    end
  end
end
return {at, -1, 0, 0}
