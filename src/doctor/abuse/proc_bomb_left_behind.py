# @lang: python
# @contain: a fork bomb is at work when the main process ends: the end must be told at once, and everything gone
# @status: exit 0 at once
# @host: nothing left
# @expect: ok
# @runsc: any
# @out: leaving
import os, time
if os.fork() == 0:
    while True:
        try: os.fork()
        except OSError: pass
time.sleep(0.5)
os.write(1, b"leaving\n")
os._exit(0)
