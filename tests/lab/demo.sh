#!/bin/sh
# Three alerts on their way through a playbook each, with the commands a user has; then the host keeps serving.
#
# Usage: demo.sh DIRECTORY-OF-BINARIES DIRECTORY-OF-COMPONENTS
set -eu

bin=$1
plugins=$2
here=$(cd "$(dirname "$0")" && pwd)
run=${PALISADE_DEMO:-$PWD/.run}
lab=$run/lab

export PALISADE_DATA="$run/data"
PATH=$bin:$PATH

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
# Shows a command as one would type it, then runs it.
do_() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }
# Waits until a program has written a file, as long as it lives.
wait_for() {
    until [ -s "$1" ]; do
        kill -0 "$2" 2>/dev/null || { echo "$3 did not start; see $run/$3.log" >&2; exit 1; }
        sleep 0.1
    done
}

rm -rf "$run"
mkdir -p "$run"
trap 'kill $host_pid $lab_pid 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
host_pid='' lab_pid=''

say "A lab plays Shodan, whois, ServiceNow, a Windows server and others"
palisade-lab --dir "$lab" >"$run/lab.log" 2>&1 &
lab_pid=$!
wait_for "$lab/lab.json" "$lab_pid" lab
sed -n 's/^  //p' "$run/lab.log"

say "The host"
palisade serve --listen "${PALISADE_LISTEN:-127.0.0.1:7300}" >"$run/host.log" 2>&1 &
host_pid=$!
wait_for "$PALISADE_DATA/host.json" "$host_pid" host
do_ palisade doctor || true

say "Four connectors and a playbook: each says what it may do before it is installed"
do_ palisade plugin inspect "$plugins/servicenow.wasm"
do_ palisade plugin install --grant-all --allow-unsigned \
    "$plugins/shodan.wasm" "$plugins/whois.wasm" "$plugins/servicenow.wasm" "$plugins/windows.wasm" \
    "$plugins/suspicious-outbound-connections.wasm"

say "One asset for each system; the names are the real ones, the connections go to the lab"
set -- --ca "$lab/ca.pem" --allow-network 127.0.0.0/8
while read -r rule; do set -- "$@" --connect-to "$rule"; done <"$lab/connect-to"
asset() {
    name=$1
    shift
    printf '%s$ palisade asset add %s --connector %s … (to the lab)%s\n' "$bold" "$name" "$name" "$plain"
    palisade asset add "$name" --connector "$name" "$@"
}
asset shodan "$@" --secret "api_key=@$lab/shodan.key"
asset whois "$@"
asset servicenow "$@" --set url=https://acme.service-now.com \
    --set username=palisade.integration --secret "password=@$lab/servicenow.password"
asset windows "$@" --set 'url=https://*.acme.example:5986' --set test_server=srv-web-01 \
    --set username=svc-palisade --secret "password=@$lab/windows.password"
for name in shodan whois servicenow windows; do do_ palisade asset test "$name"; done

say "Splunk's webhook posts an alert, and the playbook runs"
do_ palisade alert send --splunk "$here/splunk-webhook.json" --watch

say "What the analyst finds"
do_ palisade alert show 1

say "Second story: Suricata has seen a scan, and its events are sent as they are"
do_ palisade plugin install --grant-all --allow-unsigned "$plugins/virustotal.wasm" "$plugins/geoip.wasm" "$plugins/dns.wasm" \
    "$plugins/reconnaissance.wasm"
asset virustotal "$@" --secret "api_key=@$lab/virustotal.key"
asset geoip "$@" --set account_id=424242 --secret "license_key=@$lab/maxmind.key"
if grep -q ':53:' "$lab/connect-to"; then
    asset dns "$@" --set resolver=resolver.acme.example
else
    echo "dnsmasq is not installed, so there is no resolver: the playbook will say so."
fi
do_ palisade alert send --suricata "$here/suricata-eve.json"
until palisade run list | grep -q ip-performing-reconnaissance; do sleep 0.1; done
do_ palisade run watch 2

say "Third story: a phone has reached what is not on the access list; the wipe is for a person to decide"
echo "The playbook could manage phones with Intune as well. This team has only MobileIron, and says so."
do_ palisade plugin install --grant-all --allow-unsigned "$plugins/mobileiron.wasm" "$plugins/ldap.wasm" "$plugins/panos.wasm" \
    "$plugins/unauthorized-mobile-access.wasm"
do_ palisade plugin enable unauthorized-mobile-access --anyway
asset mobileiron "$@" --set url=https://core.acme.example --set username=svc-palisade-mdm \
    --secret "password=@$lab/mobileiron.password"
asset panos "$@" --set url=https://fw01.acme.example --set administrator=palisade --secret "api_key=@$lab/panos.key"
if [ -e "$lab/ldap.password" ]; then
    asset ldap "$@" --set server=ldap.acme.example --set directory=openldap \
        --set base_dn=dc=acme,dc=example --set username=cn=palisade,dc=acme,dc=example \
        --secret "password=@$lab/ldap.password"
else
    echo "slapd is not installed, so there is no directory: the playbook will say so."
fi
cat >"$PALISADE_DATA/policy.toml" <<'EOF'
[[rule]]
name = "the playbook on mobile devices decides"
playbook = ["unauthorized-mobile-access"]
then = "allow"
EOF
printf '%s$ cat policy.toml%s\n' "$bold" "$plain"
cat "$PALISADE_DATA/policy.toml"
do_ palisade list add access-list '*.acme.example' --note "our own"
do_ palisade list add executives a.lindqvist --note "the board"
do_ palisade list create repeat-offenders
do_ palisade playbook configure unauthorized-mobile-access --set wipe_seconds:=0
do_ palisade alert send --splunk "$here/mobile-webhook.json"
until palisade inbox | grep -q 'palisade answer'; do sleep 0.1; done
do_ palisade inbox
mobile=$(palisade inbox | sed -n 's/.*palisade answer \([0-9]*\)\..*/\1/p' | head -n 1)
do_ palisade answer "$mobile" yes --note "he has lost it"
do_ palisade run watch "$mobile"

say "The host keeps serving at $(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$PALISADE_DATA/host.json"); Ctrl-C ends it"
cat <<EOF
In another terminal:

  export PALISADE_DATA=$PALISADE_DATA PATH=$bin:\$PATH
  palisade alert list
  palisade run show 1
  palisade alert send --splunk $here/splunk-webhook.json   # the same alert: a duplicate
EOF
if [ -n "${PALISADE_DEMO_ONCE:-}" ]; then exit 0; fi
wait "$host_pid"
