-- Writes the outcome unless there is one: the first wins. Everything that made the run a live one goes.
-- KEYS: run, log, queue, waiting, input
-- ARGV: id, runner or '' for anyone, state it must be in or '' for any, finished event, group, lifetime in
--       seconds, prefix of the visitor keys, last events before it…
local run = redis.call('HMGET', KEYS[1], 'state', 'runner', 'entry', 'visitor')
if not run[1] or run[1] == 'finished' then return 0 end
if ARGV[2] ~= '' and run[2] ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' and run[1] ~= ARGV[3] then return 0 end
local bodies = {}
for index = 8, #ARGV do bodies[#bodies + 1] = ARGV[index] end
bodies[#bodies + 1] = ARGV[4]
append(KEYS[1], KEYS[2], bodies)
redis.call('HSET', KEYS[1], 'state', 'finished', 'outcome', ARGV[4])
-- The program is nobody's any more, and may be one that is not to be read here.
redis.call('HDEL', KEYS[1], 'request')
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('XACK', KEYS[3], ARGV[5], run[3])
redis.call('XDEL', KEYS[3], run[3])
redis.call('DEL', KEYS[5])
redis.call('SREM', ARGV[7] .. run[4], ARGV[1])
if redis.call('HEXISTS', KEYS[1], 'kept') == 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  redis.call('EXPIRE', KEYS[2], ARGV[6])
end
return 1
