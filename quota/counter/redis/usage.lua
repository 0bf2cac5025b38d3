-- Tells how much of some windows a sender has used. It changes nothing.
--
-- KEYS: see common.lua.
-- ARGV: [1] the windows, each "period limit kind;" as in reserve.lua; empty: those of
--           the message counted last
--       [2] into how many equal parts the next period is divided, to tell how much
--           leaves the window in each; 0: that is not told
--       [3...] ids that are committed
-- Reply: [at, open, windows, used, underway, parts, time, n, ..., used, ...]: the time
--        of the answer; how many reservations are open; the windows; and for each of
--        them how many recipients it holds, how many of these are of open reservations,
--        and in how many parts something leaves it: for each of them when the last of
--        it does, and how many do.
--        An empty list if there are times given out by a clock that was ahead.

local fields = redis.call('HMGET', STATE, 'last', 'open', 'sums', 'windows')
local last, sums = tonumber(fields[1] or 0), readSums(fields[3])
local list = ARGV[1] ~= '' and ARGV[1] or fields[4] or ''
local parts = tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if last > now + TOLERANCE then
  return {}
end
local at = math.max(now, last + 1)

local committed, open = {}, {}
for i = 3, #ARGV do
  committed[ARGV[i]] = true
end
for _, r in ipairs(readOpen(fields[2])) do
  if not committed[r.id] and at - r.at <= LIFE then
    open[#open + 1] = r
  end
end

-- reach is how many recipients of messages were counted from one time to another.
local function reach(from, to)
  local sum = 0
  for _, m in ipairs(redis.call('ZRANGE', MESSAGES, from, to, 'BYSCORE')) do
    sum = sum + string.match(m, '^%d+')
  end
  return sum
end

-- By kind of window: the key; how many recipients there are from one time to another;
-- of an open reservation; and after a time.
local kinds = {
  d = {
    key = REACHED,
    count = function(from, to) return redis.call('ZCOUNT', REACHED, from, to) end,
    open = function(r) return redis.call('ZCOUNT', REACHED, text(r.at), text(r.at)) end,
    held = function(_, since) return redis.call('ZCOUNT', REACHED, '(' .. text(since), '+inf') end,
  },
  c = {
    key = MESSAGES,
    count = reach,
    open = function(r) return r.n end,
    held = function(per, since)
      local s = sums[per]
      if s and s.head <= since and redis.call('ZCARD', MESSAGES) > 0 then
        return s.sum - reach('(' .. text(s.head), text(since))
      end
      return reach('(' .. text(since), '+inf')
    end,
  },
}

local reply = {at, #open, list}

local function add(number)
  reply[#reply + 1] = number
end

for per, kind in string.gmatch(list, '(%d+) %d+ (%a);') do
  per, kind = tonumber(per), kinds[kind]
  local since = at - per
  local used, underway = kind.held(per, since), 0
  for _, r in ipairs(open) do
    if r.at > since then
      underway = underway + kind.open(r)
    end
  end
  add(used)
  add(math.min(underway, used))
  add(0)
  local several, left = #reply, parts > 0 and used or 0
  for part = 1, parts do
    if left <= 0 then
      break
    end
    local from = text(since + 1 + math.ceil((part - 1) * per / parts))
    local to = text(since + math.ceil(part * per / parts))
    local n = kind.count(from, to)
    if n > 0 then
      local newest = redis.call('ZRANGE', kind.key, to, from, 'BYSCORE', 'REV', 'LIMIT', '0', '1', 'WITHSCORES')
      reply[several], left = reply[several] + 1, left - n
      add(tonumber(newest[2]) + per)
      add(n)
    end
  end
end
return reply
