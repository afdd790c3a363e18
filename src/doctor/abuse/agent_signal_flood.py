# @lang: python
# @contain: every signal, real-time ones and queued SIGCHLD included, sent to process 1 as fast as six processes can
# @status: exit 7 after two seconds
# @host: canary in time
# @expect: exit:7
# @out: sending
import os, sys, time
print("sending", flush=True)
for n in range(6):
    if os.fork() == 0:
        while True:
            for s in range(1, 65):
                try: os.kill(1, s); os.kill(1, 17)
                except OSError: pass
time.sleep(2)
sys.exit(7)
