$stdout.sync = true

puts "Hello, world!"
puts "This is Ruby #{RUBY_VERSION}, in a fresh container."

3.downto(1) do |number|
  print "#{number}... "
  sleep 0.2
end
puts "go: change me and press Run."
