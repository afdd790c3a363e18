-- Shows a deleted snippet again, with the expiry it had.
-- KEYS: snippet, runs, forks; ARGV: owner hash, channel
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'deleted', 'expires', 'head')
if snippet[1] ~= ARGV[1] or not snippet[2] then return 0 end
redis.call('HDEL', KEYS[1], 'deleted')
for _, key in ipairs(KEYS) do
  if snippet[3] and snippet[3] ~= '' then
    redis.call('PEXPIREAT', key, snippet[3])
  else
    redis.call('PERSIST', key)
  end
end
redis.call('PUBLISH', ARGV[2], '{"news":"revision","revision":' .. snippet[4] .. '}')
return 1
