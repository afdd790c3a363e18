# @lang: python
# @contain: kernel memory: pipes and socket queues filled from many processes and never read
# @status: the program's own message, or out of memory
# @host: memory given back
# @expect: ok|oom
# @runsc: any
import os, socket
for n in range(60):
    try: child = os.fork()
    except OSError: break
    if child == 0: break
held = []
try:
    while True:
        a, b = socket.socketpair(); a.setblocking(False); held += [a, b]
        r, w = os.pipe(); os.set_blocking(w, False); held += [r, w]
        for send in (lambda: a.send(b"x" * 65536), lambda: os.write(w, b"x" * 65536)):
            try:
                while send(): pass
            except BlockingIOError: pass
except OSError as e: print(len(held), e.strerror, flush=True)
if child:
    import time
    time.sleep(1)
