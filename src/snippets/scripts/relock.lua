-- Seals a snippet anew: all its revisions and its history in one step, or nothing where it has changed meanwhile.
-- Gives 0 for nothing there, 1 and the head where it has other revisions, 2 where it has another lock, 3 when it is done.
-- KEYS: snippet, revisions, history
-- ARGV: owner hash, head, lock it has or '', lock it gets or '', digest, title, language, channel, number of revisions,
--       then for each of them its number and what is stored; then the lines of the history, oldest first
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'head', 'lock', 'deleted')
if snippet[1] ~= ARGV[1] or snippet[4] then return {0, 0} end
local head, lock = tonumber(snippet[2]), snippet[3] or ''
if lock ~= ARGV[3] and lock ~= '' then return {2, head} end
local lines = 10 + 2 * ARGV[9]
if lock ~= ARGV[3] or snippet[2] ~= ARGV[2] or redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[9])
  or redis.call('LLEN', KEYS[3]) ~= #ARGV - lines + 1 then return {1, head} end
for index = 10, lines - 1, 2 do redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1]) end
for index = lines, #ARGV do redis.call('LSET', KEYS[3], index - lines, ARGV[index]) end
if ARGV[4] == '' then redis.call('HDEL', KEYS[1], 'lock') else redis.call('HSET', KEYS[1], 'lock', ARGV[4]) end
redis.call('HSET', KEYS[1], 'digest', ARGV[5], 'title', ARGV[6], 'language', ARGV[7])
-- Whoever looks at it looks again, and goes where they lack the new key.
redis.call('PUBLISH', ARGV[8], '{"news":"deleted"}')
return {3, head}
