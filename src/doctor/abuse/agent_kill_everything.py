# @lang: python
# @contain: SIGKILL to every process the program can reach
# @status: exit 7
# @host: -
# @expect: exit:7
# @out: alone
import os, signal, sys
for n in range(5):
    if os.fork() == 0: signal.pause()
for n in range(1000):
    try: os.kill(-1, signal.SIGKILL)
    except ProcessLookupError: pass
    try: os.kill(1, signal.SIGKILL)
    except OSError: pass
print("alone", flush=True)
sys.exit(7)
