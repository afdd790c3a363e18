-- Appends events of a run that this runner executes; 0 when the run is no longer its own.
-- KEYS: run, log
-- ARGV: runner, events…
local state = redis.call('HMGET', KEYS[1], 'state', 'runner')
if state[1] ~= 'running' or state[2] ~= ARGV[1] then return 0 end
local bodies = {}
for index = 2, #ARGV do bodies[#bodies + 1] = ARGV[index] end
return append(KEYS[1], KEYS[2], bodies)
