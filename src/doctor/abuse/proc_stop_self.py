# @lang: python
# @contain: the main process stops itself and never goes on; a child of its own talks meanwhile
# @status: time limit
# @host: neither is left
# @expect: timeout
# @out: still
import os, signal, time
if os.fork() == 0:
    while True: print("still", flush=True); time.sleep(0.2)
os.kill(os.getpid(), signal.SIGSTOP)
