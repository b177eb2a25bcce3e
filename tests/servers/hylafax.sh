#!/bin/bash
# Becomes PID 1 of a HylaFAX with soft modems (iaxmodem) that call each other over loopback. Called in fresh namespaces:
# mount, pid. What it writes to /etc, /var/spool, /run/lock and /dev lies in GIVEN, and all ends with this process.
#   hylafax.sh GIVEN HFAXD_PORT CLIENT_PORT DESK_PORT DEAD_PORT
# ttyIAX1 is the client's line, ttyIAX2 the desk's; at the end of ttyIAX3 is nobody. GIVEN/sendmail delivers mail.
set -eu
given=$1 port=$2 client=$3 desk=$4 dead=$5
spool=/var/spool/hylafax

mount --make-rprivate /
mount -t proc proc /proc
mkdir "$given"/{dev,etc,iaxmodem,lock,spool}

mount -t tmpfs -o mode=755 tmpfs "$given/dev"
for node in null zero full random urandom tty; do
  touch "$given/dev/$node"
  mount --bind "/dev/$node" "$given/dev/$node"
done
mkdir "$given"/dev/{pts,shm}
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$given/dev/pts"
ln -s pts/ptmx "$given/dev/ptmx"
mount --rbind "$given/dev" /dev

# No job, modem or rule of a HylaFAX that this machine may have.
cp -a /etc/hylafax/. "$given/etc"
rm -f "$given"/etc/{config*,FaxDispatch,FaxModify,FaxNotify,hosts.hfaxd}
cp -a $spool/bin "$given/spool"
mkdir "$given"/spool/{archive,client,config,dev,docq,doneq,etc,info,log,pollq,recvq,sendq,status,tmp}
chown -R uucp:uucp "$given/spool"
chmod 1777 "$given/lock" "$given/spool/tmp"
mount --bind "$given/etc" /etc/hylafax
mount --bind "$given/iaxmodem" /etc/iaxmodem
mount --bind "$given/lock" /run/lock
mount --bind "$given/spool" $spool
mount --bind /etc/hylafax $spool/etc

line() { # device, own port, port at the other end, number as it is announced, name, number, station
  cat >"/etc/iaxmodem/$1" <<END
device      /dev/$1
owner       uucp:uucp
mode        660
port        $2
refresh     0
server      127.0.0.1:$3
peername    iaxmodem
secret      password
cidnumber   $4
cidname     $5
codec       slinear
nojitterbuffer
END
  cat >"/etc/hylafax/config.$1" <<END
CountryCode:            86
AreaCode:               20
FAXNumber:              $6
LongDistancePrefix:     0
InternationalPrefix:    00
DialStringRules:        etc/dialrules
SessionTracing:         0xFFF
RecvFileMode:           0644
LogFileMode:            0644
DeviceMode:             0660
RingsBeforeAnswer:      1
SpeakerVolume:          off
GettyArgs:              "-h %l dx_%s"
LocalIdentifier:        "$7"
TagLineFont:            etc/lutRS18.pcf
TagLineFormat:          "From %%l|%c|Page %%P of %%T"
MaxRecvPages:           200
ModemType:              Class1
Class1AdaptRecvCmd:     AT+FAR=1
Class1TMConnectDelay:   400
ModemResetCmds:         AT+VCID=1
JobReqBusy:             3
JobReqNoAnswer:         3
JobReqNoCarrier:        3
JobReqProto:            3
JobReqOther:            3
CallIDPattern:          "NMBR="
CallIDPattern:          "NAME="
CallIDPattern:          "ANID="
CallIDPattern:          "NDID="
END
}
line ttyIAX1 "$client" "$desk" 02088881111 CLIENT +86.20.8888.1111 "+86 20 88881111"
line ttyIAX2 "$desk" "$client" 02088882222 DESK +86.20.8888.2222 "+86 20 88882222"
line ttyIAX3 "$dead" 9 02088883333 NOBODY +86.20.8888.3333 "+86 20 88883333"

# Every number that is dialled reaches the other end of the line, so the number chooses the line.
cat >/etc/hylafax/config <<'END'
CountryCode:            86
AreaCode:               20
LongDistancePrefix:     0
InternationalPrefix:    00
DialStringRules:        etc/dialrules
LogFileMode:            0644
JobControlCmd:          etc/choose-line
END
cat >/etc/hylafax/choose-line <<'END'
#!/bin/sh
case $(sed -n 's/^number://p' "sendq/q$1") in
  *88882222) echo 'Modem: ttyIAX1' ;;
  *88881111) echo 'Modem: ttyIAX2' ;;
  *) echo 'Modem: ttyIAX3' ;;
esac
END
chmod 755 /etc/hylafax/choose-line

cat >/etc/hylafax/FaxDispatch <<'END'
case $DEVICE in
  ttyIAX2) SENDTO=desk FILETYPE="tif pdf" TEMPLATE=en ;;
  *) NOTIFY_FAXMASTER=never ;;
esac
echo "$DEVICE $FILE" >>log/dispatched
END
sed -i "s#^SENDMAIL=.*#SENDMAIL='$given/sendmail'#" /etc/hylafax/setup.cache
printf '%s\n' '@127.0.0.1:21' '@localhost:21' >/etc/hylafax/hosts.hfaxd
chown uucp:uucp /etc/hylafax/hosts.hfaxd
chmod 600 /etc/hylafax/hosts.hfaxd

# A modem that comes late with its sound is a bad line, and a fax server that answers late is hung up on.
renice --priority -15 --pid $$ >/dev/null
at_once=
! chrt --rr 1 true 2>/dev/null || at_once='chrt --rr 1'
for modem in ttyIAX1 ttyIAX2 ttyIAX3; do $at_once iaxmodem $modem & done
for modem in ttyIAX1 ttyIAX2 ttyIAX3; do
  until [ -e /dev/$modem ]; do sleep 0.05; done
done
faxq &
until [ -p $spool/FIFO ]; do sleep 0.05; done
for modem in ttyIAX1 ttyIAX2 ttyIAX3; do faxgetty /dev/$modem & done
hfaxd -d -i "$port" &
wait
