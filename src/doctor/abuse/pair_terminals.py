# @lang: python
# @contain: pseudo-terminals are counted once for the whole host (kernel.pty.max): a neighbour that takes all must not keep a run from its terminal
# @status: exit 0
# @host: -
# @expect: ok
# @runsc: any
# @with: pair_terminals_holder.py
# @tty: yes
# @out: on a terminal
import os
print("on a terminal" if os.isatty(0) else "without")
