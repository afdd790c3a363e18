-- Puts the revisions and the history of a snippet, as an older version stored them beside it, into the snippet.
-- KEYS: snippet, revisions, history; ARGV: a fresh id for the newest content
if redis.call('HEXISTS', KEYS[1], 'digest') == 0 then return end
for _, number in ipairs(redis.call('HKEYS', KEYS[2])) do
  redis.call('HSET', KEYS[1], 'revision:' .. number, redis.call('HGET', KEYS[2], number))
end
for _, line in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  local number, rest = line:match('^(%d+) (.*)$')
  if number then redis.call('HSET', KEYS[1], 'summary:' .. number, rest) end
end
redis.call('HSET', KEYS[1], 'content_id', ARGV[1])
-- Last: where something above fails, it is tried again.
redis.call('HDEL', KEYS[1], 'digest')
redis.call('DEL', KEYS[2], KEYS[3])
