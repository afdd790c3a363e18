io.stdout:setvbuf("no")

print("Hello, world!")
print("This is " .. _VERSION .. ", in a fresh container.")

local function counter(from)
  return coroutine.wrap(function()
    for number = from, 1, -1 do
      coroutine.yield(number)
    end
  end)
end

for number in counter(3) do
  io.write(number, "... ")
end
print("go: change me and press Run.")
