#!/usr/bin/env bash
# Process 1 of the namespaces that an Engine of a test's own lives in (own_engine.rs starts it, dockerd follows).
# Says "ready", and lives until its standard input closes; with it everything in the namespaces ends.
set -euo pipefail
# Arguments: folder, size of its disk, data root whose images are borrowed or nothing, first user when remapped or nothing.
# With "again", a folder and the same first user it only shows what a daemon that ended in order has unmounted.
set_up() {
    local folder=$1 disk_mb=$2 lender=$3
    # No containerd of the machine, no lock files of other daemons.
    mount -t tmpfs tmpfs /run
    # The mount is exactly where dockerd's own mount would be: it would hide what lies below.
    data=$folder/data${remapped:+/$remapped.$remapped}
    mkdir -p "$data"
    mount -t tmpfs -o "size=${disk_mb}m,mode=711" tmpfs "$data"
    [[ -z $remapped ]] || make_user "$folder"
    [[ -z $lender ]] || borrow "$lender" "$data" >"$folder/shown"
    show_all "$folder/shown"
}

# dockerd makes the user "dockremap" where it is missing: not on this machine, only in here.
make_user() {
    local folder=$1 file
    printf 'dockremap:x:%s:%s::/nonexistent:/usr/sbin/nologin\n' 61234 61234 | cat /etc/passwd - >"$folder/passwd"
    printf 'dockremap:x:%s:\n' 61234 | cat /etc/group - >"$folder/group"
    printf 'dockremap:%s:65536\n' "$remapped" | tee "$folder/subuid" >"$folder/subgid"
    for file in passwd group subuid subgid; do
        touch "/etc/$file"
        mount --bind "$folder/$file" "/etc/$file"
    done
}

# Shows what is listed, as far as it is not shown already.
show_all() {
    local from to
    [[ -s $1 ]] || return 0
    [[ -z $remapped ]] || start_example
    while read -r from to; do
        mountpoint -q "$to" || show "$from" "$to"
    done <"$1"
    [[ -z $remapped ]] || kill "$example"
}

# Shows a folder at another place, read-only; for a remapped Engine with its users shifted, as it would store them.
show() {
    if [[ -z $remapped ]]; then
        mount --bind "$1" "$2"
        mount -o remount,bind,ro "$2"
    else
        perl -e "$idmap" "$1" "$2" "/proc/$example/ns/user"
    fi
}

# open_tree, mount_setattr (MOUNT_ATTR_IDMAP and MOUNT_ATTR_RDONLY), move_mount: no command has them everywhere yet.
idmap='
    my ($from, $to, $namespace) = @ARGV;
    open(my $users, "<", $namespace) or die "$namespace: $!";
    my $tree = syscall(428, -100, $from, 1 | 02000000);
    die "open_tree $from: $!" if $tree < 0;
    my $attributes = pack("Q4", 0x00100001, 0, 0, fileno($users));
    my $nothing = "";
    die "mount_setattr $from: $!" if syscall(442, $tree, $nothing, 0x1000, $attributes, 32) < 0;
    die "move_mount $to: $!" if syscall(429, $tree, $nothing, -100, $to, 4) < 0;
'

# A process in a user namespace with the shift: the kernel takes an idmapped mount's map from one.
start_example() {
    exec 3< <(exec unshare --user sh -c 'echo; exec sleep infinity')
    example=$!
    read -r _ <&3
    echo "0 $remapped 65536" >"/proc/$example/uid_map"
    echo "0 $remapped 65536" >"/proc/$example/gid_map"
}

# Borrows the images of an overlay2 store: its lists are copied, its layers will be shown, and are named with their new
# places. It takes no time and no disk, and nothing that is done here reaches them.
borrow() {
    local from=$1 to=$2 id layer name # only images: containers of others come and go meanwhile
    mkdir -p "$to/overlay2/l" "$to/image/overlay2/layerdb"
    cp -a "$from"/image/overlay2/{distribution,imagedb,repositories.json} "$to/image/overlay2/"
    cp -a "$from/image/overlay2/layerdb/sha256" "$to/image/overlay2/layerdb/"
    for id in "$to"/image/overlay2/layerdb/sha256/*/cache-id; do
        name=$(<"$id")
        layer=$from/overlay2/$name
        mkdir -p "$to/overlay2/$name/"{diff,work}
        cp -a "$layer/link" "$to/overlay2/$name/"
        [[ ! -e $layer/lower ]] || cp -a "$layer/lower" "$to/overlay2/$name/"
        ln -s "../$name/diff" "$to/overlay2/l/$(<"$layer/link")"
        : >"$to/overlay2/$name/committed"
        printf '%s %s\n' "$layer/diff" "$to/overlay2/$name/diff"
    done
}

if [[ $1 == again ]]; then
    remapped=$3
    show_all "$2/shown"
    exit 0
fi
remapped=$4
set_up "$1" "$2" "$3"
echo ready
read -r _ || true
