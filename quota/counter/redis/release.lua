-- Releases a reservation, so that its message costs nothing, even if others came after
-- it. It touches only the recipients of that message, and in later reservations only
-- what they remember of it.
--
-- KEYS: see common.lua.
-- ARGV: [1] id of the reservation; if it is not open, nothing changes
-- Reply: 1, or 0 if it was not open.

local id = ARGV[1]
local fields = redis.call('HMGET', STATE, 'open', 'sums', 'r' .. id, 'o' .. id)
local open, sums, groups = readOpen(fields[1]), readSums(fields[2]), unpackGroups(fields[3])

local reservation
for i, r in ipairs(open) do
  if r.id == id then
    reservation = table.remove(open, i)
    break
  end
end
if not reservation then
  return 0
end
local at = reservation.at

local before = {} -- by digest: the time that the reservation replaced
for time, digests in pairs(groups) do
  for from = 1, #digests, 8 do
    before[string.sub(digests, from, from + 7)] = time
  end
end

-- releaseReached restores the times of the recipients that no later message reached.
local function releaseReached()
  local back, gone = {}, {}
  for _, digest in ipairs(redis.call('ZRANGE', REACHED, text(at), text(at), 'BYSCORE')) do
    if before[digest] then
      back[#back + 1] = text(before[digest])
      back[#back + 1] = digest
    else
      gone[#gone + 1] = digest
    end
  end
  each('ZADD', REACHED, back)
  each('ZREM', REACHED, gone)
end

-- releaseLater makes a later reservation restore, should it be released too, the times
-- that this one would have restored.
local function releaseLater(later)
  local field = 'r' .. later
  local theirs = unpackGroups(redis.call('HGET', STATE, field))
  local digests = theirs[at]
  if not digests then
    return
  end
  theirs[at] = nil
  local moved = {}
  for from = 1, #digests, 8 do
    local digest = string.sub(digests, from, from + 7)
    local time = before[digest]
    if time then
      local list = moved[time] or {}
      list[#list + 1] = digest
      moved[time] = list
    end
  end
  for time, list in pairs(moved) do
    theirs[time] = (theirs[time] or '') .. table.concat(list)
  end
  redis.call('HSET', STATE, field, packGroups(theirs))
  addLater(later, moved, open)
end

local function releaseMessage()
  if redis.call('ZREM', MESSAGES, member(reservation.n, id)) == 1 then
    for _, s in pairs(sums) do
      if at > s.head then
        s.sum = s.sum - reservation.n
      end
    end
  end
end

releaseReached()
local unsettled = {}
for _, r in ipairs(open) do
  unsettled[r.id] = true
end
for later in string.gmatch(fields[4] or '', '%S+') do
  if unsettled[later] then
    unsettled[later] = nil -- once
    releaseLater(later)
  end
end
releaseMessage()
redis.call('HDEL', STATE, 'r' .. id, 'o' .. id)
local reached, messages = redis.call('ZCARD', REACHED), redis.call('ZCARD', MESSAGES)
if reached + messages + #open == 0 then
  redis.call('HDEL', STATE, 'last', 'open', 'sums', 'due', 'windows', 'sender') -- nothing needs the newest time any more
  return 1
end
redis.call('HSET', STATE, 'open', writeOpen(open), 'sums', writeSums(sums))
if reached == 0 or messages == 0 then
  redis.call('HDEL', STATE, 'due') -- whoever makes the key anew gives it a time to live
end
return 1
