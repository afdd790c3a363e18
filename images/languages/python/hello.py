import sys
import time

print("Hello, world!")
print(f"This is Python {sys.version.split()[0]}, in a fresh container.")

for number in range(3, 0, -1):
    print(f"{number}...", end=" ", flush=True)
    time.sleep(0.2)
print("go: change me and press Run.")
