# @lang: python
# @contain: a low priority for process 1, which has the same user: the agent would be late for everything
# @status: exit 7
# @host: -
# @expect: exit:7
# @runsc-skip: gVisor keeps a priority and does nothing with it
# @not: ALLOWED
import os, sys
for name, attempt in (("priority", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19)), ("priority of all", lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19)),
                      ("scheduler", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)))):
    try: attempt(); print("ALLOWED", name, flush=True)
    except OSError as e: print(name, e.strerror)
sys.exit(7)
