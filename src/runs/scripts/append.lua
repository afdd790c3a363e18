-- Shared by the scripts below: the clock, and how events get their numbers.
-- An event's number is its stream id's first part, so the log can be read after any number.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Appends bodies (JSON texts) to the log of `run` and tells the followers; gives the first number back.
local function append(run, log, bodies)
  -- Never below zero: the clock may be set back.
  local at = math.max(0, now_ms() - tonumber(redis.call('HGET', run, 'submitted')))
  local first = redis.call('HINCRBY', run, 'events', #bodies) - #bodies + 1
  for index, body in ipairs(bodies) do
    redis.call('XADD', log, string.format('%d-0', first + index - 1), 'at', at, 'event', body)
  end
  redis.call('PUBLISH', log, first .. ' ' .. at .. '\n' .. table.concat(bodies, '\n'))
  return first
end
