# @lang: python
# @contain: endless output on a terminal, control sequences included
# @status: output limit
# @host: server memory flat
# @expect: output-limit
# @tty: yes
while True: print("\x1b]52;c;cm0gLXJm\x07\x1b[6n\x1b[c\x1b[2J" + "x" * 1000)
