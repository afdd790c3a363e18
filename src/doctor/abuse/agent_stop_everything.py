# @lang: python
# @contain: SIGSTOP to everything, again and again, from twenty processes that also stop each other and the main process
# @status: time limit
# @host: nothing left, no stopped process
# @expect: timeout
# @out: stopping
import os, signal
print("stopping", flush=True)
for n in range(20):
    if os.fork() == 0:
        while True:
            for p in (-1, 1, os.getppid()):
                try: os.kill(p, signal.SIGSTOP)
                except OSError: pass
os.kill(0, signal.SIGSTOP)
while True: signal.pause()
