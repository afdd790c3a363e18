-- Keeps what a viewer says to a run until the run ends, and tells its runner if it has one.
-- KEYS: run, input
-- ARGV: id, message, greatest number of bytes kept, lifetime in seconds, prefix of the runners' channels,
--       '1' for input, whose bytes are counted; the other words are short, and Stop is never refused
local run = redis.call('HMGET', KEYS[1], 'state', 'runner')
if not run[1] or run[1] == 'finished' then return 'ended' end
if ARGV[6] == '1' and redis.call('HINCRBY', KEYS[1], 'input_bytes', #ARGV[2]) > tonumber(ARGV[3]) then
  redis.call('HINCRBY', KEYS[1], 'input_bytes', -#ARGV[2])
  return 'too_much'
end
local number = redis.call('XADD', KEYS[2], '*', 'message', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[4])
if run[1] == 'running' then
  redis.call('PUBLISH', ARGV[5] .. run[2], ARGV[1] .. ' ' .. number .. '\n' .. ARGV[2])
end
return run[1]
