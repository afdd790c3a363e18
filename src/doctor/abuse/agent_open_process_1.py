# @lang: python
# @contain: the files of process 1 under /proc: memory, descriptors, folders, and everything that can be written
# @status: exit 0
# @host: -
# @expect: ok
# @runsc: any
# @not: OPENED
import os
closed = 0
for name in "mem environ maps smaps fd fdinfo map_files cwd root exe auxv stack syscall personality io pagemap".split() + ["fd/%d" % n for n in range(16)]:
    for flags in (os.O_RDONLY, os.O_RDWR):
        try: f = os.open("/proc/1/" + name, flags); os.read(f, 1) if name != "fd" else 0; print("OPENED", name)
        except OSError: closed += 1
for name in "oom_score_adj oom_adj comm clear_refs coredump_filter timerslack_ns autogroup loginuid uid_map gid_map setgroups attr/exec attr/current task/1/comm".split():
    try: os.write(os.open("/proc/1/" + name, os.O_WRONLY), b"1"); print("OPENED", name, "and written")
    except OSError: closed += 1
print("closed", closed)
