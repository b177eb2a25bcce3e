#!/bin/bash
# HylaFAX with two soft modems that call each other over loopback, in a mount namespace of its own: what it writes to
# /etc, /var/spool and /dev lies in GIVEN and ends with it. Called by `unshare --mount`.
#   hylafax.sh GIVEN IAX_PORT_1 IAX_PORT_2 HFAXD_PORT
# Modem 1 is the client's, modem 2 the desk's. Mails go to GIVEN/desk and GIVEN/client, both Maildirs, or links to them.
set -eu
given=$1 first=$2 second=$3 port=$4
spool=/var/spool/hylafax
mount --make-rprivate /

mkdir -p "$given/dev"
for node in null zero full random urandom tty; do touch "$given/dev/$node"; mount --bind "/dev/$node" "$given/dev/$node"; done
mkdir -p "$given/dev/pts" "$given/dev/shm"
mount --rbind /dev/pts "$given/dev/pts"
ln -sf pts/ptmx "$given/dev/ptmx"
mount --rbind "$given/dev" /dev
cp -a /etc/hylafax "$given/hylafax"
cp -a $spool "$given/spool"
mkdir -p "$given/iaxmodem" /etc/iaxmodem
mount --bind "$given/hylafax" /etc/hylafax
mount --bind "$given/iaxmodem" /etc/iaxmodem
mount --bind "$given/spool" $spool
mount --bind /etc/hylafax $spool/etc

modem() { # device, port, peer's port, number, name, the same in full, station id
  cat >"/etc/iaxmodem/$1" <<END
device          /dev/$1
owner           uucp:uucp
mode            660
port            $2
refresh         0
server          127.0.0.1:$3
peername        iaxmodem
secret          password
cidname         $5
cidnumber       $4
codec           slinear
nojitterbuffer
END
  cat >"/etc/hylafax/config.$1" <<END
CountryCode:            86
AreaCode:               20
FAXNumber:              $6
LongDistancePrefix:     0
InternationalPrefix:    00
DialStringRules:        etc/dialrules
ServerTracing:          0x3FF
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
CallIDPattern:          "NMBR="
CallIDPattern:          "NAME="
CallIDPattern:          "ANID="
CallIDPattern:          "NDID="
END
}
modem ttyIAX1 "$first" "$second" 02088881111 CLIENT "+86.20.8888.1111" "+86 20 88881111"
modem ttyIAX2 "$second" "$first" 02088882222 DESK "+86.20.8888.2222" "+86 20 88882222"

cat >/etc/hylafax/FaxDispatch <<'END'
case "$DEVICE" in
  ttyIAX1) SENDTO=client@owner.example ;;
  *) SENDTO=fax-in@desk.example ;;
esac
FILETYPE="tif pdf"
TEMPLATE=en
END
cat >"$given/sendmail" <<END
#!/bin/bash
# Delivers as the machine's mail server would: with an id and a date, into the Maildir of whom it is for.
name=\$(date +%s%N).\$\$.fax
mail=\$(cat)
case "\$*\$mail" in *client@owner.example*|*"Received On: ttyIAX1"*) box=client ;; *) box=desk ;; esac
{ echo "Message-ID: <\$name@fax.example>"; echo "Date: \$(date -R)"; printf '%s\n' "\$mail"; } >"$given/\$box/tmp/\$name"
chmod 644 "$given/\$box/tmp/\$name"
mv "$given/\$box/tmp/\$name" "$given/\$box/new/\$name"
END
chmod 755 "$given/sendmail"
sed -i "s#^SENDMAIL=.*#SENDMAIL='$given/sendmail'#" /etc/hylafax/setup.cache
printf '%s\n' '127.0.0.1:21::' 'localhost:21::' >>/etc/hylafax/hosts.hfaxd
chown uucp:uucp /etc/hylafax/hosts.hfaxd
chmod 600 /etc/hylafax/hosts.hfaxd

children=()
trap 'kill -KILL "${children[@]}" 2>/dev/null || true; exit 0' TERM INT
run() { "$@" & children+=($!); }
run iaxmodem ttyIAX1
run iaxmodem ttyIAX2
sleep 1
run faxq
sleep 1
run faxgetty /dev/ttyIAX1
run faxgetty /dev/ttyIAX2
run hfaxd -d -i "$port"
wait
