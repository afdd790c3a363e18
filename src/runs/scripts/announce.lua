-- Names a run on its snippet's stream and tells who looks. Gives back what the snippet says of how long its runs are
-- kept, and the id of the run before it ('' for none).
-- KEYS: snippet, runs of the snippet; ARGV: id, revision, greatest number kept, channel
local snippet = redis.call('HMGET', KEYS[1], 'head', 'deleted', 'expires', 'lock', 'burns')
if not snippet[1] or snippet[2] then return {snippet, ''} end
local before = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'run', ARGV[1], 'revision', ARGV[2])
local expires = snippet[3] or ''
if expires ~= '' then redis.call('PEXPIREAT', KEYS[2], expires) end
redis.call('PUBLISH', ARGV[4], '{"news":"run","run":"' .. ARGV[1] .. '"}')
return {snippet, before[1] and before[1][2][2] or ''}
