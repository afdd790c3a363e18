# @lang: python
# @contain: empty files and folders without end, in every writable place
# @status: exit 0
# @host: inodes of the host unchanged
# @expect: ok
# @runsc: any
# @timeout: 15
# @not: UNBOUNDED
import os
for place in ("/code", "/tmp", "/dev/shm"):
    made = 0
    try:
        while made < 50000: os.close(os.open("%s/i%d" % (place, made), os.O_CREAT)); made += 1
        print("UNBOUNDED", place)
    except OSError as e: print(place, "stopped at", made, e.strerror)
