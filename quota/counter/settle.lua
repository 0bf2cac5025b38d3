-- Releases a reservation: its message costs nothing, whatever came after it.
--
-- KEYS: see common.lua.
-- ARGV: [1] id of the reservation; one that is not open costs nothing already
--       [2] for how long to mark the id, in microseconds: nobody knows whether its
--           reservation has arrived, and if it comes later it must not count; 0:
--           it has arrived
-- Reply: 1, or 0 if it was not open.

local id, mark = ARGV[1], tonumber(ARGV[2])

-- goBack replaces a time of a list of digests and times by the times before it,
-- and drops the digests that have none. It reports whether the list has changed.
local function goBack(list, time, before)
  local kept, changed = {}, false
  for i = 1, #list, 2 do
    local digest, previous = list[i], list[i + 1]
    if previous == time then
      changed, previous = true, before[digest]
    end
    if previous then
      kept[#kept + 1] = digest
      kept[#kept + 1] = previous
    end
  end
  return kept, changed
end

local function releaseReached(r)
  local before = {}
  for i = 1, #r.replaced, 2 do
    before[r.replaced[i]] = r.replaced[i + 1]
  end
  local back, gone = {}, {}
  for _, digest in ipairs(redis.call('ZRANGE', REACHED, text(r.at), text(r.at), 'BYSCORE')) do
    if before[digest] then
      back[#back + 1] = text(before[digest])
      back[#back + 1] = digest
    else
      gone[#gone + 1] = digest
    end
  end
  each('ZADD', REACHED, back)
  each('ZREM', REACHED, gone)
  for other, later in pairs(reservations()) do
    local replaced, changed = goBack(later.replaced, r.at, before)
    if changed then
      writeReservation(other, {at = later.at, origin = later.origin, replaced = replaced})
    end
  end
end

local function releaseCopies(r)
  local list, before = messagesFrom(r.at)
  for i, m in ipairs(list) do
    if m.at == r.at and m.origin == r.origin then
      table.remove(list, i)
      replaceMessages(r.at, list, before)
      return
    end
  end
end

local field = 'r' .. id
local packed = redis.call('HGET', OPEN, field)
local r
if packed then
  local at, origin, replaced = unpack(cmsgpack.unpack(packed))
  r = origin and {at = at, origin = origin, replaced = replaced}
end
if r then
  redis.call('HDEL', OPEN, field)
  releaseReached(r)
  releaseCopies(r)
  recount()
end
if mark > 0 then
  redis.call('HSET', OPEN, field, cmsgpack.pack({clock(), false}))
  live(OPEN, mark)
end
return r and 1 or 0
