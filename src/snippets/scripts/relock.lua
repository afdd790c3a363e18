-- Seals a snippet anew: all its revisions and what lists say of them in one step, or nothing where it has changed meanwhile.
-- Gives 0 for nothing there, 1 and the head where it has other revisions, 2 where it has another lock, 3 when it is done.
-- KEYS: snippet
-- ARGV: owner hash, head, lock it has or '', lock it gets or '', id of the content, title, language, channel,
--       then the name and the value of each field that is sealed anew
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'head', 'lock', 'deleted')
if snippet[1] ~= ARGV[1] or snippet[4] then return {0, 0} end
local head, lock = tonumber(snippet[2]), snippet[3] or ''
if lock ~= ARGV[3] and lock ~= '' then return {2, head} end
-- A save alone adds revisions or takes some away, and each has a number of its own.
if lock ~= ARGV[3] or snippet[2] ~= ARGV[2] then return {1, head} end
for index = 9, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[index], ARGV[index + 1]) end
if ARGV[4] == '' then redis.call('HDEL', KEYS[1], 'lock') else redis.call('HSET', KEYS[1], 'lock', ARGV[4]) end
redis.call('HSET', KEYS[1], 'content_id', ARGV[5], 'title', ARGV[6], 'language', ARGV[7])
-- Whoever looks at it looks again, and goes where they lack the new key.
redis.call('PUBLISH', ARGV[8], '{"news":"deleted"}')
return {3, head}
