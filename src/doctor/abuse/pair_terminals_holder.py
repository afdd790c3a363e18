# @helper: yes
# @lang: python
import os, time
for n in range(6):
    if os.fork() == 0: break
held = []
try:
    while True: held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as e: print(len(held), e.strerror, flush=True)
time.sleep(1)
print("READY", flush=True)
time.sleep(30)
