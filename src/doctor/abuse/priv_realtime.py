# @lang: python
# @contain: real-time scheduling, higher priority, real-time disk priority: a way to starve the whole host
# @status: exit 0
# @host: canary in time
# @expect: ok
# @runsc: any
# @not: ALLOWED
import ctypes, os
libc = ctypes.CDLL(None)
for name, attempt in (("fifo", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))), ("round robin", lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))),
                      ("nice", lambda: os.nice(-5)), ("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -5))):
    try: attempt(); print("ALLOWED", name)
    except OSError as e: print(name, e.strerror)
if libc.syscall(251, 1, 0, 1 << 13) == 0: print("ALLOWED disk priority")
print("tried")
