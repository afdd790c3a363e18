-- Adds a revision unless it equals the head; gives the head's number back, and what was done: 0 nothing, 1 saved,
-- 2 refused because the head is not the expected one, 3 because the lock is not the one that the content was packed
-- with. The oldest revisions go when there are too many.
-- KEYS: snippet
-- ARGV: owner hash, packed content, its id, title, language, channel, summary, expected head or '',
--       greatest number of revisions kept, lock that the content was packed with or ''
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'head', 'content_id', 'deleted', 'lock')
-- The owner was checked in constant time before; here, that it is still the same snippet.
if snippet[1] ~= ARGV[1] or snippet[4] then return {0, 0} end
if (snippet[5] or '') ~= ARGV[10] then return {tonumber(snippet[2]), 3} end
-- Sealed, equal contents have one id; in clear each has its own, and they are compared.
local standing = redis.call('HGET', KEYS[1], 'revision:' .. snippet[2]) or ''
if snippet[3] == ARGV[3] or standing:sub((standing:find(' ', 1, true) or 0) + 1) == ARGV[2] then
  return {tonumber(snippet[2]), 0}
end
if ARGV[8] ~= '' and ARGV[8] ~= snippet[2] then return {tonumber(snippet[2]), 2} end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local head = redis.call('HINCRBY', KEYS[1], 'head', 1)
redis.call('HSET', KEYS[1], 'content_id', ARGV[3], 'title', ARGV[4], 'language', ARGV[5],
  'revision:' .. head, now .. ' ' .. ARGV[2], 'summary:' .. head, now .. ' ' .. ARGV[7])
redis.call('HDEL', KEYS[1], 'revision:' .. head - ARGV[9], 'summary:' .. head - ARGV[9])
redis.call('PUBLISH', ARGV[6], '{"news":"revision","revision":' .. head .. '}')
return {head, 1}
