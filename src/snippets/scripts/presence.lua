-- Notes that a viewer is there, or has gone; gives the number of viewers and tells it when it changed.
-- KEYS: viewers, whether a crowd was told just now
-- ARGV: viewer, how long it is believed in milliseconds or 0 when it goes, channel
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- With those who left without a word: the number that was told last.
local before = redis.call('ZCARD', KEYS[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[2] == '0' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local count = redis.call('ZCARD', KEYS[1])
-- In a crowd each who comes would be told to all who are there: they are told now and then, and by their next refresh.
local few = count <= 32
if count ~= before and (few or redis.call('SET', KEYS[2], '', 'PX', 250, 'NX')) then
  redis.call('PUBLISH', ARGV[3], '{"news":"viewers","count":' .. count .. '}')
end
return count
