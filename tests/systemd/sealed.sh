#!/bin/sh
# Becomes PID 1 of a systemd sealed off from this machine. Called in fresh namespaces: mount, pid, cgroup, ipc, uts, net.
# Of the machine it sees /usr, the interpreter, its packages and the sources, all read-only. Nothing else may be
# reachable: a systemd that finds Debian's own units runs them, and one of those empties /tmp.
#   sealed.sh GIVEN CONSOLE PYTHON PACKAGES SOURCES
# GIVEN holds etc/ and bin/ (of /opt/faultdesk); CONSOLE is the terminal that gets systemd's own log.
set -eu
given=$1 console=$2 python=$3 packages=$4 sources=$5
root=$given/root
library=opt/faultdesk/lib/$(basename "$(dirname "$packages")")

show() {
  mount --bind "$1" "$2"
  mount -o remount,bind,ro "$2"
}

mount --make-rprivate /
mkdir "$root"
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"

mkdir -p "$library/site-packages" opt/python opt/sources usr var/lib
show /usr usr
show "$python" opt/python
show "$sources" opt/sources
show "$packages" "$library/site-packages"
cp -a "$given/bin" opt/faultdesk/bin
echo 'home = /opt/python/bin' >opt/faultdesk/pyvenv.cfg
cp -a "$given/etc" etc
for link in bin lib lib64 sbin; do ln -s "usr/$link" "$link"; done
mkdir old run tmp var/tmp
ln -s ../run var/run
chmod 1777 tmp var/tmp

mkdir dev
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty console; do touch "dev/$node"; done
for node in null zero full random urandom tty; do mount --bind "/dev/$node" "dev/$node"; done
mount --bind "$console" dev/console
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

mkdir proc sys
mount -t proc proc proc
show proc/sys proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup

pivot_root . old
cd /
umount --lazy /old
rmdir /old
mount --make-rshared / # in a container systemd expects that; credentials reach a service so
/sbin/ldconfig

exec env --ignore-environment container=faultdesk LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin \
  SYSTEMD_UNIT_PATH=/etc/units SYSTEMD_GENERATOR_PATH=/etc/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/etc/none \
  /lib/systemd/systemd --system --unit=basic.target --log-target=console --log-level=info --show-status=no
