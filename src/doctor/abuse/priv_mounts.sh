# @lang: bash
# @contain: no file or folder of the host is mounted inside, and no set-uid program gives anything
# @status: exit 0
# @host: -
# @expect: ok
# @runsc: any
# @not: HOST
# @not: ROOT
while read -r _ _ _ root place rest; do
  case "$place ${rest%%,*}" in '/etc/hosts ro'|'/etc/hostname ro'|'/etc/resolv.conf ro') continue;; esac # the Engine's own
  kind=${rest##* - }; kind=${kind%% *}
  case $kind in overlay|proc|tmpfs|sysfs|cgroup|cgroup2|devpts|mqueue|devtmpfs) ;; *) echo "HOST $kind $root on $place";; esac
done < /proc/self/mountinfo
for f in $(find / -xdev -perm /6000 -type f 2> /dev/null); do echo "set-uid: $f"; done
{ su -c id root; newgrp root -c id; mount -t tmpfs x /tmp; } < /dev/null 2>&1 | grep -q 'uid=0' && echo ROOT
id; exit 0
