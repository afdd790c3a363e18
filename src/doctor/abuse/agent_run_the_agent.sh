# @lang: bash
# @contain: the agent's own executable, started by the program, as an agent and as a launcher
# @status: exit 7
# @host: -
# @expect: exit:7
# @out: still here
/usr/local/bin/codecube-agent < /dev/null; echo "as an agent: $?"
/usr/local/bin/codecube-agent launch < /dev/null; echo "as a launcher: $?"
head -c 100 /dev/urandom | /usr/local/bin/codecube-agent launch; echo "with noise: $?"
echo still here; exit 7
