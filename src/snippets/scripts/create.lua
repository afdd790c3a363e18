-- Creates a snippet with its first revision unless the key is taken.
-- KEYS: snippet, revisions
-- ARGV: owner hash, packed content, digest, title, language, channel, forked from or ''
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'head', 1, 'digest', ARGV[3], 'title', ARGV[4], 'language', ARGV[5],
  'forked_from', ARGV[7], 'created', now)
redis.call('HSET', KEYS[2], '1', now .. ' ' .. ARGV[2])
redis.call('PUBLISH', ARGV[6], '{"news":"revision","revision":1}')
return 1
