# @lang: python
# @contain: processes of anybody else, seen in /proc or reached by a signal
# @status: exit 0
# @host: -
# @expect: ok
# @not: FOREIGN
import os
mine = {os.getpid(), 1}
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in mine: print("FOREIGN", name, open("/proc/%s/cmdline" % name).read())
for process in range(2, 40000):
    if process in mine: continue
    try: os.kill(process, 0); print("FOREIGN", process)
    except ProcessLookupError: pass
print("alone with process 1")
