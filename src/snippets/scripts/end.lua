-- Takes a snippet away for good and leaves a mark; gives back the asked revision as it was stored, to one caller only.
-- KEYS: snippet, runs, forks
-- ARGV: revision, the mark's word, its lifetime in milliseconds, channel
local snippet = redis.call('HMGET', KEYS[1], 'owner', 'deleted', 'burns')
if not snippet[1] then return false end
if ARGV[2] == 'burnt' and (snippet[2] or not snippet[3]) then return false end
local revision = redis.call('HGET', KEYS[1], 'revision:' .. ARGV[1])
redis.call('DEL', unpack(KEYS))
redis.call('HSET', KEYS[1], 'gone', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], '{"news":"deleted"}')
return revision
