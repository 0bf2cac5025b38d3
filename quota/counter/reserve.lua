-- Counts a message against all of its windows or, when one of them would be
-- exceeded, against none. The same id again, until it is committed or released,
-- gets the same answer and counts once.
--
-- KEYS: see common.lua.
-- ARGV: [1] id of the reservation
--       [2] n, how many recipients the message has
--       [3] the windows of the sender's class, each "period limit kind;":
--           microseconds, recipients, and d for distinct recipients or c for copies
--       [4] what is kept for the windows of any class: "distinct copies most": the
--           longest period of a window of each kind, zero where no class has one,
--           and the largest limit of one of copies
--       [5] digests of the n recipients, 8 bytes each; empty where nothing is kept
--           of distinct recipients
--       [6] "life crowd crowded tolerance": for how long a reservation can be
--           released; how many may be open at once, and for how long while they
--           are so many; how far ahead of the clock a time may be. Periods in
--           microseconds
--       [7...] ids that are committed
-- Reply: [at, exceeded, used, retryAt]: when it was decided; the index of the
--        window that would be exceeded, the one that is free last; how many
--        recipients that holds; when there is room in all windows. exceeded is -1
--        for a message that is reserved, and -2 where too many are open.

local id, n = ARGV[1], tonumber(ARGV[2])

local function numbers(list)
  local all = {}
  for number in string.gmatch(list, '%d+') do
    all[#all + 1] = tonumber(number)
  end
  return unpack(all)
end

local keepDistinct, keepCopies, mostCopies = numbers(ARGV[4])
local life, crowd, crowded, tolerance = numbers(ARGV[6])

local fields = redis.call('HMGET', STATE, 'last', 'open', 'sums', 'due')
local last, open, sums, due = tonumber(fields[1] or 0), readOpen(fields[2]), readSums(fields[3]), fields[4]
local openChanged, sumsChanged = false, false

-- commit forgets what the release of those reservations would need for which done
-- returns true.
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
    each('HDEL', STATE, gone)
    open, openChanged = kept, true
  end
end

if #ARGV > 6 then
  local committed = {}
  for i = 7, #ARGV do
    committed[ARGV[i]] = true
  end
  commit(function(r) return committed[r.id] end)
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
  if #list > 0 then
    redis.call('HSET', STATE, unpack(list))
  end
end

for _, r in ipairs(open) do
  if r.id == id then
    save({})
    return {r.at, -1, 0, 0}
  end
end

local now = clock()
local rest = math.max(keepDistinct, keepCopies) / 4 -- to look for what is past for every message would cost more than to count it
if keepDistinct > 0 and keepCopies > 0 then
  rest = math.min(keepDistinct, keepCopies) / 4
end

-- moveBack moves the times that lie in the future, since the clock was ahead when
-- they were given out, back together: the last of them is now.
local function moveBack()
  local shift, from = last - now, now + tolerance
  local function moved(time)
    return time > from and time - shift or time
  end
  for _, key in ipairs({REACHED, MESSAGES}) do
    local args, found = {}, redis.call('ZRANGE', key, '(' .. text(from), '+inf', 'BYSCORE', 'WITHSCORES')
    for i = 1, #found, 2 do
      args[i], args[i + 1] = text(found[i + 1] - shift), found[i]
    end
    each('ZADD', key, args)
  end
  for _, key in ipairs(KEYS) do -- the time to live was too long, too
    redis.call('PEXPIRE', key, text(math.ceil((math.max(keepDistinct, keepCopies, life) + rest) / 1000)))
  end
  for _, r in ipairs(open) do
    r.at = moved(r.at)
    local packed = redis.call('HGET', STATE, 'r' .. r.id)
    if packed then
      local groups = {}
      for time, digests in pairs(unpackGroups(packed)) do
        groups[moved(time)] = (groups[moved(time)] or '') .. digests
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

if last > now + tolerance then
  moveBack()
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

-- currentSums are the sums of the class's own windows: those of others would need
-- care for as long as nobody asks for them.
local function currentSums()
  local current = {}
  for _, window in ipairs(windows) do
    if window.kind == 'c' then
      current[window.per] = sums[window.per]
    end
  end
  return current
end

local tidied = false

-- tidy forgets what no window can hold any more, of any class, and the
-- reservations that nobody can release any more.
local function tidy()
  for _, window in ipairs(windows) do
    if window.kind == 'c' then
      heldCopies(window) -- before messages go that it still counts
    end
  end
  sums = currentSums()
  if keepDistinct > 0 then
    redis.call('ZREMRANGEBYSCORE', REACHED, '-inf', text(at - keepDistinct))
  end
  if keepCopies > 0 then
    redis.call('ZREMRANGEBYSCORE', MESSAGES, '-inf', text(at - keepCopies))
  end
  -- Each message has a recipient: the oldest beyond any limit matter to no window,
  -- even if all the open ones are released.
  local surplus = redis.call('ZCARD', MESSAGES) - mostCopies - crowd
  if surplus > 0 then
    redis.call('ZREMRANGEBYRANK', MESSAGES, '0', text(surplus - 1))
    sums = {}
  end
  commit(function(r) return at - r.at > life end)
  tidied, sumsChanged = true, true
end

-- What is due for other windows says nothing.
if not due or tonumber(string.match(due, '^%d+')) <= at or string.match(due, ' (.*)$') ~= ARGV[4] then
  tidy()
end
if #open >= crowd then
  commit(function(r) return at - r.at > crowded end)
  if #open >= crowd then
    save({})
    return {at, -2, 0, 0}
  end
end

local digests = {}
eachDigest(ARGV[5], function(digest) digests[#digests + 1] = digest end)

-- when each recipient was last reached; false: not at all.
local previous = {}
for from = 1, #digests, CHUNK do
  local scores = redis.call('ZMSCORE', REACHED, unpack(digests, from, math.min(from + CHUNK - 1, #digests)))
  for i = 1, #scores do
    previous[from + i - 1] = scores[i] and tonumber(scores[i])
  end
end

-- roomy reports whether every window would hold the message even if nothing had
-- left it since it was last looked at.
local function roomy()
  local reached
  for _, window in ipairs(windows) do
    local held
    if window.kind == 'd' then
      reached = reached or redis.call('ZCARD', REACHED)
      held = reached
    else
      held = sums[window.per] and sums[window.per].sum or heldCopies(window)
    end
    if held + n > window.limit then
      return false
    end
  end
  return true
end

-- Each kind's function returns how many recipients the window holds and, if the
-- message does not fit, the time of the entry that must leave for it to fit.
local usage = {}

function usage.c(window)
  local used = heldCopies(window)
  local over, time = used + n - window.limit, nil
  local from = at - window.per
  while over > 0 do
    local seen = readMessages(from, '+inf', math.min(over, CHUNK), function(m, left)
      from = left
      if over > 0 then
        over, time = over - m, left
      end
    end)
    if seen == 0 then
      break
    end
  end
  return used, time
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

-- decide returns the index of the window that would be exceeded, or -1, how many
-- recipients it holds, and when there is room in all windows.
local function decide()
  local exceeded, used, retryAt = -1, 0, 0
  for i, window in ipairs(windows) do
    local holds, free = usage[window.kind](window)
    if free and free + window.per > retryAt then
      exceeded, used, retryAt = i - 1, holds, free + window.per
    end
  end
  return exceeded, used, retryAt
end

-- live has a key expire when nothing of it matters any more, even if messages come
-- until the next tidying up. A time to live never shrinks.
local function live(key, span)
  if redis.call('PTTL', key) * 1000 < span + rest then
    redis.call('PEXPIRE', key, text(math.ceil((span + rest) / 1000)))
  end
end

-- addReached notes when the recipients were reached, and what a release brings
-- back.
local function addReached(list)
  local groups, again, args, time = {}, false, {}, text(at)
  for i, digest in ipairs(digests) do
    local replaced = previous[i]
    if replaced then
      again = true
      groups[replaced] = groups[replaced] or {}
      table.insert(groups[replaced], digest)
    end
    args[2 * i - 1], args[2 * i] = time, digest
  end
  each('ZADD', REACHED, args)
  if again then
    for replaced, those in pairs(groups) do
      groups[replaced] = table.concat(those)
    end
    addBelow(id, groups, open)
    list[#list + 1] = 'r' .. id
    list[#list + 1] = packGroups(groups)
  end
end

local function addMessage()
  redis.call('ZADD', MESSAGES, text(at), member(n, id))
  sums, sumsChanged = currentSums(), true
  for _, s in pairs(sums) do
    s.sum = s.sum + n
  end
end

-- add counts a message that fits.
local function add()
  local list = {'last', text(at)}
  if keepDistinct > 0 then
    addReached(list)
  end
  if keepCopies > 0 then
    addMessage()
  end
  open[#open + 1] = {id = id, at = at, n = n}
  openChanged = true
  if tidied then
    list[#list + 1] = 'due'
    list[#list + 1] = text(at + rest) .. ' ' .. ARGV[4]
  end
  save(list)
  if tidied then
    live(REACHED, keepDistinct)
    live(MESSAGES, keepCopies)
    live(STATE, math.max(keepDistinct, keepCopies, life))
  end
end

local exceeded, used, retryAt = -1, 0, 0
if not roomy() then
  exceeded, used, retryAt = decide()
end
if exceeded < 0 then
  add()
else
  save({})
end
return {at, exceeded, used, retryAt}
