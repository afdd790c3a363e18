# @lang: python
# @contain: what the kernel counts for each user (inotify instances) is not used up by a neighbour
# @status: exit 0
# @host: -
# @expect: ok
# @with: pair_inotify_holder.py
# @out: own share
# @userns: only 0
import ctypes
libc = ctypes.CDLL(None); n = 0
while n < 100 and libc.inotify_init() >= 0: n += 1
print("own share" if n == 100 else "only %d" % n)
