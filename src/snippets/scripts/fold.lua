-- Puts the revisions and the history of a snippet, as an older version stored them beside it, into the snippet.
-- KEYS: snippet, revisions, history
if redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 0 end
local revisions = redis.call('HGETALL', KEYS[2])
for index = 1, #revisions, 2 do
  redis.call('HSET', KEYS[1], 'revision:' .. revisions[index], revisions[index + 1])
end
for _, line in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  local number, rest = line:match('^(%d+) (.*)$')
  if number then redis.call('HSET', KEYS[1], 'summary:' .. number, rest) end
end
local digest = redis.call('HGET', KEYS[1], 'digest')
if digest then redis.call('HSET', KEYS[1], 'content_id', digest) end
redis.call('HDEL', KEYS[1], 'digest')
redis.call('DEL', KEYS[2], KEYS[3])
return 1
