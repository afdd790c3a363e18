echo "Hello, world!"
echo "This is Bash ${BASH_VERSION%%(*}, in a fresh container."

for number in 3 2 1; do
  printf '%s... ' "$number"
  sleep 0.2
done
echo "go: change me and press Run."
