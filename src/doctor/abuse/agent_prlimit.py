# @lang: python
# @contain: limits put on process 1, which has the same user: a CPU limit would make the kernel kill the agent
# @status: exit 7 after a second of work
# @host: -
# @expect: exit:7
# @timeout: 15
# @not: ALLOWED
import ctypes, resource, sys, time
libc = ctypes.CDLL(None, use_errno=True)
class Limit(ctypes.Structure): _fields_ = [("soft", ctypes.c_ulong), ("hard", ctypes.c_ulong)]
for name in ("CPU", "NOFILE", "AS", "FSIZE", "STACK", "DATA", "SIGPENDING"):
    if libc.prlimit(1, getattr(resource, "RLIMIT_" + name), ctypes.byref(Limit(0, 0)), None) == 0: print("ALLOWED", name, flush=True)
end = time.process_time() + 1
while time.process_time() < end: pass
sys.exit(7)
