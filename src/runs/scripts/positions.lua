-- Tells every waiting run its place, where that has changed.
-- KEYS: waiting; ARGV: what run keys start with
local ids = redis.call('ZRANGE', KEYS[1], 0, -1)
for position, id in ipairs(ids) do
  local run = ARGV[1] .. id
  local told = position .. ' ' .. #ids
  if redis.call('HEXISTS', run, 'state') == 0 then
    redis.call('ZREM', KEYS[1], id)
  elseif redis.call('HGET', run, 'place') ~= told then
    redis.call('HSET', run, 'place', told)
    append(run, run .. ':log', {'{"kind":"queued","position":' .. position .. ',"waiting":' .. #ids .. '}'})
  end
end
return #ids
