# @lang: python
# @contain: a program that dies because the disk is full
# @status: disk limit, not just exit 1
# @host: memory given back
# @expect: disk-limit
# @runsc: disk-limit|exit:1
with open("/code/big", "wb") as f:
    while True: f.write(b"x" * (1 << 20)); f.flush()
