# @lang: python
# @contain: on a terminal: forged frames through /dev/tty, faked keystrokes, raw mode, a new session, every end of the terminal closed
# @status: exit 7
# @host: -
# @expect: exit:7
# @runsc: any
# @tty: yes
# @out: written
# @not: FAKED
import fcntl, os, signal, struct, sys, termios, tty
signal.signal(signal.SIGHUP, signal.SIG_IGN)
end = struct.pack("<IB", 9, 70) + bytes([0, 0, 1, 5, 5, 5, 5, 0])
t = os.open("/dev/tty", os.O_RDWR)
tty.setraw(t)
for f in (t, 0, 1, 2): os.write(f, end)
for c in b"faked\n":
    try: fcntl.ioctl(t, termios.TIOCSTI, bytes([c])); print("FAKED")
    except OSError: pass
for request in (0x5437, 0x541D, 0x5422): # vhangup's relative, TIOCCONS, TIOCNOTTY
    try: fcntl.ioctl(t, request, 0)
    except OSError: pass
os.write(1, b"\r\nwritten\r\n")
os.closerange(0, 1024)
os._exit(7)
