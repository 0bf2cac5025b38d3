-- Adds what a relay counted by itself while Redis was away. What is there
-- already, since an earlier reply was lost, is not counted twice.
--
-- KEYS: see common.lua.
-- ARGV: [1] origin, a name of the relay's own store
--       [2] how long an entry can matter, in microseconds
--       [3] how long a reservation can be released, in microseconds
--       [4] reached: (digest, time) of each recipient at its last time
--       [5] messages: (time, n) in the order of time
--       [6...] of each reservation not settled: id, time, and as one blob the
--              (digest, time) of the recipients reached again that it replaced
--       Digests are 8 bytes, times and n 8 bytes in network order.
-- Reply: OK.

local origin, keep, settleWithin = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock()
local shift, newest = 0, 0

-- pairsOf lists the numbers, or digests and numbers, of a blob.
local function pairsOf(blob, format)
  local list, at = {}, 1
  while at <= #blob do
    local a, b
    a, b, at = struct.unpack(format, blob, at)
    list[#list + 1] = {a, b}
  end
  return list
end

local function tag(time)
  return origin .. text(time)
end

local reached, messages, open = pairsOf(ARGV[4], '>c8I8'), pairsOf(ARGV[5], '>I8I8'), {}
local known = reservations()
local elsewhere = {} -- times of reservations that were counted in Redis, too: they count there
for i = 6, #ARGV, 3 do
  local id, time = ARGV[i], struct.unpack('>I8', ARGV[i + 1])
  if known[id] and known[id].origin ~= tag(time) then
    elsewhere[time] = true
  else
    open[#open + 1] = {id = id, time = time, replaced = pairsOf(ARGV[i + 2], '>c8I8')}
  end
  newest = math.max(newest, time)
end
for _, entry in ipairs(reached) do
  newest = math.max(newest, entry[2])
end
for _, m in ipairs(messages) do
  newest = math.max(newest, m[1])
end
-- A relay whose clock is far ahead must not stop Redis's: its times move back
-- together. Only then does it matter that the next attempt moves them less.
if newest > now + 1000000 then
  shift = newest - now
  shift = shift + shift % 2 -- they stay odd
end

-- Each recipient's times are a chain: from the last time it was reached, as long
-- as that belongs to a reservation that can be released, to the time before it.
local known = reservations()
local at = {} -- by time: the open reservation of that time
local changed = {}

local function enter(id, r)
  local before = {}
  for i = 1, #r.replaced, 2 do
    before[r.replaced[i]] = r.replaced[i + 1]
  end
  at[r.at] = {id = id, origin = r.origin, at = r.at, before = before}
end

local function setBefore(r, digest, time)
  r.before[digest] = time
  changed[r] = true
end

-- insert puts a time into the chain of its recipient, and returns the last time.
local function insert(last, digest, time)
  if last == time then
    return last
  end
  if not last or last < time then
    if last and at[time] then
      setBefore(at[time], digest, last)
    end
    return time
  end
  local r = at[last] -- below a message that stands no time matters
  while r do
    local before = r.before[digest]
    if not before or before < time then
      setBefore(r, digest, time)
      if before and at[time] then
        setBefore(at[time], digest, before)
      end
      break
    end
    r = before ~= time and at[before]
  end
  return last
end

local function mergeReached()
  for id, r in pairs(known) do
    enter(id, r)
  end
  for _, r in ipairs(open) do
    if not known[r.id] then
      enter(r.id, {at = r.time - shift, origin = tag(r.time), replaced = {}})
      changed[at[r.time - shift]] = true
    end
  end
  local entries, digests = {}, {}
  local function collect(list)
    for _, entry in ipairs(list) do
      if not elsewhere[entry[2]] then
        entries[#entries + 1], digests[#digests + 1] = entry, entry[1]
      end
    end
  end
  collect(reached)
  for _, r in ipairs(open) do
    collect(r.replaced)
  end
  local last, args = {}, {}
  for i, time in ipairs(lastReached(digests)) do
    last[digests[i]] = time or nil
  end
  for _, entry in ipairs(entries) do
    last[entry[1]] = insert(last[entry[1]], entry[1], entry[2] - shift)
  end
  for digest, time in pairs(last) do
    args[#args + 1] = text(time)
    args[#args + 1] = digest
  end
  each('ZADD', REACHED, args)
  for r in pairs(changed) do
    local replaced = {}
    for digest, time in pairs(r.before) do
      replaced[#replaced + 1] = digest
      replaced[#replaced + 1] = time
    end
    writeReservation(r.id, {at = r.at, origin = r.origin, replaced = replaced})
  end
end

local function mergeCopies()
  if #messages == 0 then
    return
  end
  local list, before = messagesFrom(0)
  local there = {}
  for _, m in ipairs(list) do
    there[m.origin] = true
  end
  for _, m in ipairs(messages) do
    if not there[tag(m[1])] and not elsewhere[m[1]] then
      list[#list + 1] = {at = m[1] - shift, n = m[2], origin = tag(m[1])}
    end
  end
  for i, m in ipairs(list) do
    m.order = i
  end
  table.sort(list, function(a, b)
    return a.at < b.at or a.at == b.at and a.order < b.order
  end)
  replaceMessages(0, list, before)
  live(COPIES, newest - shift - now + keep)
end

mergeReached()
mergeCopies()
recount()
local last = tonumber(redis.call('HGET', OPEN, 'last') or 0)
redis.call('HSET', OPEN, 'last', text(math.max(last, newest - shift)))
live(REACHED, newest - shift - now + keep)
live(OPEN, math.max(keep, settleWithin))
return redis.status_reply('OK')
