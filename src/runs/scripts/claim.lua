-- Gives a waiting run to one runner, once; the answer holds the request and what viewers typed meanwhile.
-- KEYS: run, log, queue, waiting, input
-- ARGV: id, runner, started event, entry, group
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then
  if redis.call('HEXISTS', KEYS[1], 'state') == 0 or redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then
    redis.call('XACK', KEYS[3], ARGV[5], ARGV[4])
    redis.call('XDEL', KEYS[3], ARGV[4])
  end
  return {}
end
redis.call('HSET', KEYS[1], 'state', 'running', 'runner', ARGV[2])
redis.call('ZREM', KEYS[4], ARGV[1])
append(KEYS[1], KEYS[2], {ARGV[3]})
local answer = {redis.call('HGET', KEYS[1], 'request')}
for _, entry in ipairs(redis.call('XRANGE', KEYS[5], '-', '+')) do
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer
