# @lang: python
# @contain: closes every descriptor, leaves session and group, ignores all signals and forks on
# @status: exit 0
# @host: nothing left
# @expect: ok
# @out: main gone
import os, signal
if os.fork() == 0:
    os.closerange(0, 1024)
    for n in range(30):
        os.setsid() if os.getpid() != os.getsid(0) else 0
        for s in range(1, 65):
            try: signal.signal(s, signal.SIG_IGN)
            except (OSError, ValueError): pass
        if os.fork() and n: signal.pause()
    while True: pass
print("main gone", flush=True)
