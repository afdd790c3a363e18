# @lang: python
# @contain: thousands of orphans that process 1 must reap, faster than it likes
# @status: exit 0
# @host: no zombie left
# @expect: ok
# @runsc: any
# @timeout: 15
# @out: made 3000
import os
made = 0
while made < 3000:
    try: child = os.fork()
    except BlockingIOError: continue
    if child == 0:
        try: os.fork()
        except OSError: pass
        os._exit(0)
    os.waitpid(child, 0); made += 1
print("made", made)
