-- Creates a snippet with its first revision unless the key is taken; gives the time, or 0.
-- KEYS: snippet, revisions, history
-- ARGV: owner hash, packed content, digest, title, language, channel, summary, forked from or '',
--       lifetime in milliseconds or '', lock or '', '1' if it can be read once or ''
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local now = string.format('%.0f', now_ms)
local expires = ''
if ARGV[9] ~= '' then expires = string.format('%.0f', now_ms + ARGV[9]) end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'head', 1, 'digest', ARGV[3], 'title', ARGV[4], 'language', ARGV[5],
  'forked_from', ARGV[8], 'created', now, 'expires', expires)
if ARGV[10] ~= '' then redis.call('HSET', KEYS[1], 'lock', ARGV[10]) end
if ARGV[11] ~= '' then redis.call('HSET', KEYS[1], 'burns', 1) end
redis.call('HSET', KEYS[2], '1', now .. ' ' .. ARGV[2])
redis.call('DEL', KEYS[3])
redis.call('RPUSH', KEYS[3], '1 ' .. now .. ' ' .. ARGV[7])
if expires ~= '' then
  for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, expires) end
end
redis.call('PUBLISH', ARGV[6], '{"news":"revision","revision":1}')
return now_ms
