# @lang: python
# @contain: children that end and are never waited for: each keeps a process id
# @status: process limit
# @host: no zombie left
# @expect: process-limit|exit:3
# @runsc: any
# @out: bounded
import os
made = 0
try:
    while made < 5000:
        if os.fork() == 0: os._exit(0)
        made += 1
except OSError: pass
print(made, "bounded" if made < 1000 else "WITHOUT END", flush=True)
os._exit(3)
