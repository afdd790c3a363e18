-- Chooses anew how long a snippet is kept; gives the time of its end, or '' for never.
-- KEYS: snippet, runs, forks; ARGV: owner hash, lifetime in milliseconds or '',
--       name of the mark that it was here, for how many milliseconds more that stands
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'deleted')
if snippet[1] ~= ARGV[1] or snippet[2] then return false end
local time = redis.call('TIME')
local expires = ''
if ARGV[2] ~= '' then
  expires = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
end
redis.call('HSET', KEYS[1], 'expires', expires)
for _, key in ipairs(KEYS) do
  if expires == '' then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, expires) end
end
if expires ~= '' then redis.call('SET', ARGV[3], 1, 'PXAT', string.format('%.0f', expires + ARGV[4])) end
return expires
