-- Gives a snippet to another owner, a deleted one as well; gives back when it was created, or 0.
-- KEYS: snippet; ARGV: owner hash, hash of the new owner
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'created')
if snippet[1] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[2])
return tonumber(snippet[2]) or 1
