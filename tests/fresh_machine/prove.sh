#!/usr/bin/env bash
# Proves the two commands on a bare machine: a fresh Debian 12 made by debootstrap, then `./studio` and `./studio test`
# from a clean clone, as root. Needs root, debootstrap and some 6 GB. Not part of CI.
#
#   tests/fresh_machine/prove.sh FOLDER [quick]     quick: only the first command, twice
set -euo pipefail

folder=$(realpath -m "${1:?the folder in which the machine is made}")
quick="${2-}"
repository=$(cd "$(dirname "$0")/../.." && pwd)
root="$folder/debian12"

if [ ! -e "$root/etc/debian_version" ]; then
    mkdir -p "$root"
    # Python 3.11 is the bare machine's; the rest is what debootstrap calls minimal.
    debootstrap --variant=minbase --include=python3,ca-certificates bookworm "$root"
fi
rm -rf "$root/root/yolor-studio"
git clone --quiet "$repository" "$root/root/yolor-studio"

cleanup() { umount -l "$root/proc" "$root/dev" 2>/dev/null || true; }
trap cleanup EXIT
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# How the machine reaches package servers is the host's matter: its resolver and its certificates.
for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
    install -D -m 644 "$file" "$root$file"
done

inside() {
    env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TMPDIR=/tmp \
        ${http_proxy+http_proxy="$http_proxy"} ${https_proxy+https_proxy="$https_proxy"} \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
        chroot "$root" sh -c "cd /root/yolor-studio && $1"
}

echo "== ./studio, the first time"
time inside './studio' | tee "$folder/first.txt"
dataset=$(tail -n 1 "$folder/first.txt")
test -s "$root$dataset/annotations/instances_train.json"
echo "== ./studio, the second time"
time inside './studio' | tail -n 1
inside ".venv/bin/python -c 'from pycocotools.coco import COCO; print(len(COCO(\"$dataset/annotations/instances_train.json\").anns), \"boxes\")'"
[ "$quick" = quick ] && exit 0
echo "== ./studio test"
time inside './studio test'
