-- Names a run on its snippet's stream and tells who looks; gives the id of the run before it back.
-- KEYS: snippet, runs of the snippet; ARGV: id, revision, greatest number kept, channel
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local before = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'run', ARGV[1], 'revision', ARGV[2])
redis.call('PUBLISH', ARGV[4], '{"news":"run","run":"' .. ARGV[1] .. '"}')
if before[1] then return before[1][2][2] end
return false
