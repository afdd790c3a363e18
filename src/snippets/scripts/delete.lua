-- Hides a snippet; it goes for good when the time to think again is over.
-- KEYS: snippet, runs, forks; ARGV: owner hash, time to think again in milliseconds, channel,
--       name of the mark that it was here, the mark's lifetime in milliseconds
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'deleted')
if snippet[1] ~= ARGV[1] or snippet[2] then return 0 end
redis.call('HSET', KEYS[1], 'deleted', 1)
for _, key in ipairs(KEYS) do
  local left = redis.call('PTTL', key)
  if left < 0 or left > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[2]) end
end
redis.call('SET', ARGV[4], 1, 'PX', ARGV[5])
redis.call('PUBLISH', ARGV[3], '{"news":"deleted"}')
return 1
