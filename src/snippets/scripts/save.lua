-- Adds a revision unless it equals the head; gives the head's number back, and what was done: 0 nothing, 1 saved,
-- 2 refused because the head is not the expected one, 3 because the lock is not the one that the content was packed
-- with. The oldest revisions go when there are too many.
-- KEYS: snippet, revisions, history
-- ARGV: owner hash, packed content, digest, title, language, channel, summary, expected head or '',
--       greatest number of revisions kept, lock that the content was packed with or ''
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'head', 'digest', 'deleted', 'lock')
-- The owner was checked in constant time before; here, that it is still the same snippet.
if snippet[1] ~= ARGV[1] or snippet[4] then return {0, 0} end
if (snippet[5] or '') ~= ARGV[10] then return {tonumber(snippet[2]), 3} end
if snippet[3] == ARGV[3] then return {tonumber(snippet[2]), 0} end
if ARGV[8] ~= '' and ARGV[8] ~= snippet[2] then return {tonumber(snippet[2]), 2} end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local head = redis.call('HINCRBY', KEYS[1], 'head', 1)
redis.call('HSET', KEYS[1], 'digest', ARGV[3], 'title', ARGV[4], 'language', ARGV[5])
redis.call('HSET', KEYS[2], head, now .. ' ' .. ARGV[2])
redis.call('HDEL', KEYS[2], head - ARGV[9])
redis.call('RPUSH', KEYS[3], head .. ' ' .. now .. ' ' .. ARGV[7])
redis.call('LTRIM', KEYS[3], -ARGV[9], -1)
redis.call('PUBLISH', ARGV[6], '{"news":"revision","revision":' .. head .. '}')
return {head, 1}
