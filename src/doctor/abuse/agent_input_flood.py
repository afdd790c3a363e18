# @lang: python
# @contain: a megabyte of input for a program that never reads it
# @status: exit 0
# @host: -
# @expect: ok
# @stdin: 1000000
# @out: not read
import time
time.sleep(1); print("not read")
