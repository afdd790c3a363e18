-- Notes on a snippet's list that it was forked, as long as it is there. The oldest go when there are too many.
-- KEYS: snippet, forks; ARGV: the fork's key, greatest number of forks listed
if redis.call('HEXISTS', KEYS[1], 'owner') == 0 then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], 'NX', time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -ARGV[2] - 1)
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[2], left) end
return 1
