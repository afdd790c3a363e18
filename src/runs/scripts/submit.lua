-- Writes the run, its queue entry and its first event, or nothing.
-- KEYS: run, log, queue, waiting, visitor
-- ARGV: id, request, language, visitor, snippet key or '', greatest number waiting, greatest number per visitor
local waiting = redis.call('ZCARD', KEYS[4])
if waiting >= tonumber(ARGV[6]) then return {'queue_full', waiting} end
local theirs = redis.call('SCARD', KEYS[5])
if theirs >= tonumber(ARGV[7]) then return {'visitor_limit', theirs} end

local time = redis.call('TIME')
local entry = redis.call('XADD', KEYS[3], '*', 'run', ARGV[1], 'language', ARGV[3])
redis.call('HSET', KEYS[1], 'state', 'queued', 'request', ARGV[2], 'submitted', now_ms(), 'events', 0,
  'entry', entry, 'place', (waiting + 1) .. ' ' .. (waiting + 1), 'visitor', ARGV[4], 'snippet', ARGV[5])
redis.call('ZADD', KEYS[4], time[1] * 1000000 + time[2], ARGV[1])
redis.call('SADD', KEYS[5], ARGV[1])
redis.call('EXPIRE', KEYS[5], 3600)
append(KEYS[1], KEYS[2], {'{"kind":"queued","position":' .. (waiting + 1) .. ',"waiting":' .. (waiting + 1) .. '}'})
return {'ok', waiting + 1}
