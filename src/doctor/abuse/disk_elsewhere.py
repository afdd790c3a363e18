# @lang: python
# @contain: a file in every folder but the three writable ones; system settings and control groups opened for writing
# @status: exit 0
# @host: unchanged
# @expect: ok
# @timeout: 15
# @out: looked
# @not: WRITABLE
import os
looked = 0
for folder, folders, files in os.walk("/"):
    if folder in ("/code", "/tmp", "/dev/shm", "/proc", "/sys", "/dev/fd"): folders[:] = []; continue
    looked += 1
    try: os.close(os.open(folder + "/elsewhere", os.O_CREAT | os.O_WRONLY)); print("WRITABLE", folder)
    except OSError: pass
for top in ("/proc/sys", "/sys/fs/cgroup", "/proc/irq", "/proc/bus"):
    for folder, folders, files in os.walk(top):
        for name in files:
            looked += 1
            try: os.close(os.open(folder + "/" + name, os.O_WRONLY)); print("WRITABLE", folder, name)
            except OSError: pass
print("looked at", looked)
