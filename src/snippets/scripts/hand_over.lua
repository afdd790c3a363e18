-- Gives a snippet to another owner, a deleted one as well; gives back 1, or 0 when it is not the giver's.
-- KEYS: snippet; ARGV: owner hash, hash of the new owner
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[2])
return 1
