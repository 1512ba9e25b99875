#!/usr/bin/env bash
# In a network and mount namespace of its own: a machine's pcscd with vsmartcard's virtual reader, and our card in it.
# Usage: in_namespace.sh WARIFU CARD FOLDER DRIVER. Prints what the last program says, and ends with its status.
set -euo pipefail
warifu=$1 card=$2 folder=$3 driver=$4
unset PCSCLITE_CSOCK_NAME
port=35963

ip link set lo up
mkdir -p /run/pcscd
mount -t tmpfs none /run/pcscd
mkdir "$folder/reader.d"
cat > "$folder/reader.d/vpcd" <<CONF
FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:$port
LIBPATH $driver
CHANNELID $port
CONF
pcscd --foreground --config "$folder/reader.d" > "$folder/pcscd.log" 2>&1 &
pcscd=$!
card_process=
trap 'kill $pcscd $card_process 2>/dev/null || true; wait 2>/dev/null || true' EXIT

# Waits for a state, looking ten times a second, a minute at most.
until_true() {
    for _ in $(seq 600); do "$@" && return; read -rt 0.1 <> <(:) || true; done
    return 1
}
sees() { opensc-tool --list-readers 2>/dev/null | grep -q "^[0-9].*$1 .*Virtual PCD 00 00"; }

until_true sees No
"$warifu" card insert "$card" --vpcd "127.0.0.1:$port" > "$folder/card.log" 2>&1 &
card_process=$!
until_true sees Yes
opensc-tool --reader 0 --name
echo "what is signed" > "$folder/message"
pkcs11-tool --slot-index 0 --login --pin 1234 --sign --mechanism SHA256-RSA-PKCS --id 01 \
    --input-file "$folder/message" --output-file "$folder/signature"
pkcs11-tool --slot-index 0 --read-object --type cert --id 01 --output-file "$folder/certificate.der"
openssl x509 -inform der -in "$folder/certificate.der" -pubkey -noout -out "$folder/public.pem"
kill $card_process
wait $card_process
card_process=
until_true sees No
echo "removed"
openssl dgst -sha256 -verify "$folder/public.pem" -signature "$folder/signature" "$folder/message"
