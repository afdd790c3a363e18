# @helper: yes
# @lang: python
import ctypes, time
libc = ctypes.CDLL(None)
while libc.inotify_init() >= 0: pass
print("READY", flush=True)
time.sleep(30)
