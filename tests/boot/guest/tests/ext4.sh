# shellcheck shell=dash
# A file system: what was there is read, what is written can be checked by the
# host after a clean unmount.

mkdir /disk
try mount mount -t ext4 /dev/vda /disk
echo "SUM old $(sha256sum </disk/old)"
cp -R /bin /tests /disk/
dd if=/dev/urandom of=/disk/new bs=64k count=64 2>/dev/null
echo "SUM new $(sha256sum </disk/new)"
rm /disk/old
try umount umount /disk
