# In a network of its own: a server loses its connections to Redis without a word, as with a machine that is switched off
# or a firewall that forgot them. Prints what a visitor is told: at first, then, and when it is 200 again, or at last.
# $1: the executable; $2: a folder.
set -u
ip link set lo up
redis-server --port 6379 --bind 127.0.0.1 --dir "$2" --save "" --appendonly no >/dev/null &
redis=$!
for _ in $(seq 100); do redis-cli ping >/dev/null 2>&1 && break; sleep 0.1; done
"$1" web --listen=127.0.0.1:8080 --redis-url=redis://127.0.0.1:6379 --web-workers=2 >/dev/null &
web=$!
trap 'kill $web $redis' EXIT
for _ in $(seq 100); do curl -sf http://127.0.0.1:8080/healthz >/dev/null && break; sleep 0.1; done
for _ in 1 2 3 4; do
  address=$(echo hello | curl -s -T - 'http://127.0.0.1:8080/a.txt?language=bash')
done
told() { curl -s -o /dev/null -w '%{http_code}\n' --max-time 10 "$address"; }
told
for port in $(ss -Htn state established '( dport = :6379 )' | awk '{print $3}' | sed 's/.*://'); do
  iptables -A INPUT -p tcp --sport "$port" -j DROP
  iptables -A INPUT -p tcp --dport "$port" -j DROP
done
told
for _ in $(seq 20); do
  last=$(told)
  [ "$last" = 200 ] && break
  sleep 0.5
done
echo "$last"
