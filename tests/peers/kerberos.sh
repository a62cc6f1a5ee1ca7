# A Kerberos realm of our own by MIT's KDC: kdc_start; then $KRB5_CONFIG stands for all programs started later.
#   $kerberos/client.keytab    the key of the monitoring account, epicor-monitor@EPICOR.TEST
#   $kerberos/service.keytab   the key of HTTP/127.0.0.1 and HTTP/localhost
# shellcheck shell=sh
kerberos=$work/kerberos
kerberos_realm=EPICOR.TEST
kerberos_account=epicor-monitor
kerberos_password=demo-password
kdc_port=

export KRB5_CONFIG="$kerberos/krb5.conf"
export KRB5_KDC_PROFILE="$kerberos/kdc.conf"
# Nothing of ours among the tickets of the person who runs the tests, nor in /var/tmp.
export KRB5CCNAME="FILE:$kerberos/tickets"
export KRB5RCACHEDIR="$kerberos"

# kerberos_admin COMMAND...: of kadmin, straight on the database
kerberos_admin() {
    "$(need kadmin.local krb5-admin-server)" -r "$kerberos_realm" "$@" >"$kerberos/admin.out" 2>&1 ||
        fail "kadmin.local $*: $(cat "$kerberos/admin.out")"
}

# kerberos_configure PORT: clock differences of 2 s are forgiven, so that a ticket of some seconds really expires
kerberos_configure() {
    cat >"$KRB5_CONFIG" <<CONFIG
[libdefaults]
    default_realm = $kerberos_realm
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    clockskew = 2
[realms]
    $kerberos_realm = {
        kdc = 127.0.0.1:$1
    }
CONFIG
    cat >"$KRB5_KDC_PROFILE" <<CONFIG
[realms]
    $kerberos_realm = {
        database_name = $kerberos/principal
        key_stash_file = $kerberos/stash
        acl_file = $kerberos/acl
        kdc_listen = 127.0.0.1:$1
        kdc_tcp_listen = 127.0.0.1:$1
        max_life = 10h
        default_principal_flags = +preauth
    }
[logging]
    kdc = FILE:$kerberos/kdc.log
    default = FILE:$kerberos/kdc.log
CONFIG
}

kerberos_database() {
    "$(need kdb5_util krb5-kdc)" -r "$kerberos_realm" -P master create -s >"$work/kerberos.log" 2>&1 ||
        fail "the Kerberos database could not be made"
    kerberos_admin addprinc -pw "$kerberos_password" "$kerberos_account"
    kerberos_admin addprinc -randkey HTTP/127.0.0.1
    kerberos_admin addprinc -randkey HTTP/localhost
    kerberos_write_client_keytab
    kerberos_write_service_keytab
}

kdc_launch() {
    kerberos_configure "$1"
    [ -f "$kerberos/principal" ] || kerberos_database
    peer_on_port "$1" kdc "$(need krb5kdc krb5-kdc)" -n -r "$kerberos_realm"
}

# kdc_start: the first time makes the realm, later goes on with it at the same port
kdc_start() {
    need kinit krb5-user >"$work/kinit.path"
    mkdir -p "$kerberos"
    peer_start "$kdc_port" "the Kerberos KDC" kdc_launch
    kdc_port=$peer_port
    kdc=$launched
}
kdc_stop() {
    peer_stop "$kdc"
}
# kdc_silence, kdc_speak: TCP connections and datagrams are accepted, and nothing is answered
kdc_silence() {
    peer_silence "$kdc"
}
kdc_speak() {
    peer_speak "$kdc"
}

# kerberos_rotate_client_key: what $kerberos/client.keytab holds is wrong from now on
kerberos_rotate_client_key() {
    kerberos_admin cpw -randkey "$kerberos_account"
}
# kerberos_write_client_keytab [FILE]: the key of now, put in place at once
kerberos_write_client_keytab() {
    kerberos_write_keytab "${1:-$kerberos/client.keytab}" "$kerberos_account"
}
# kerberos_rotate_service_key: the service refuses all tickets issued before
kerberos_rotate_service_key() {
    kerberos_admin cpw -randkey HTTP/127.0.0.1
    kerberos_admin cpw -randkey HTTP/localhost
    kerberos_write_service_keytab
}
kerberos_write_service_keytab() {
    kerberos_write_keytab "$kerberos/service.keytab" HTTP/127.0.0.1 HTTP/localhost
}
kerberos_write_keytab() {
    keytab=$1
    shift
    rm -f "$keytab.new"
    kerberos_admin ktadd -norandkey -k "$keytab.new" "$@"
    # The service runs as another user when the tests run as root.
    [ "$(id -u)" != 0 ] || [ "$keytab" != "$kerberos/service.keytab" ] || chown nobody "$keytab.new"
    mv "$keytab.new" "$keytab"
}

# kerberos_refusals: how often the KDC was shown a wrong key of the account
kerberos_refusals() {
    grep -c "PREAUTH_FAILED: $kerberos_account@" "$kerberos/kdc.log" || :
}

# kerberos_ticket_lifetime SECONDS [PRINCIPAL...]: of tickets issued from now on; all of them, or only those for or to these
kerberos_ticket_lifetime() {
    ticket_lifetime=$1
    shift
    [ $# != 0 ] || set -- "krbtgt/$kerberos_realm" "$kerberos_account" HTTP/127.0.0.1 HTTP/localhost
    for principal in "$@"; do
        kerberos_admin modprinc -maxlife "$ticket_lifetime seconds" "$principal"
    done
}
