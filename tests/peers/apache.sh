# Apache httpd as it stands before an app server: it asks who is there, and hands on the request with the user's name in a
# trusted header. Several at once, one a mode:
#   negotiate   Kerberos, by mod_auth_gssapi and the service key of kerberos.sh (kdc_start first)
#   ntlm        NTLM, by mod_auth_gssapi and gss-ntlmssp; it belongs to a connection, as with IIS
#   basic       a name and a password, by mod_auth_basic
# The account is $apache_user, its password demo-password until apache_set_password changes it.
# shellcheck shell=sh
apache_user=epicor-monitor
apache_domain=EPICOR
apache_user_header=X-Remote-User

# apache_enter MODE: sets $apache_folder, which keeps what is known of it: port, process, log files
apache_enter() {
    apache_mode=$1
    apache_folder=$work/apache_$1
}

# apache_set_password MODE PASSWORD: takes effect at the next request that carries a credential
apache_set_password() {
    apache_enter "$1"
    printf '%s:%s\n' "$apache_user" "$(printf '%s' "$2" | openssl passwd -apr1 -stdin)" >"$apache_folder/basic.users.new"
    printf '%s:%s:%s\n' "$apache_domain" "$apache_user" "$2" >"$apache_folder/ntlm.users.new"
    for apache_users in basic.users ntlm.users; do
        mv "$apache_folder/$apache_users.new" "$apache_folder/$apache_users"
    done
    apache_own
}

# As root, Apache's children run as nobody.
apache_own() {
    [ "$(id -u)" != 0 ] || chown -R nobody "$apache_folder"
}

# apache_way MODE: the directives of one way in
apache_way() {
    case $1 in
    negotiate)
        echo 'AuthType GSSAPI'
        echo 'AuthName Kinetic'
        echo 'GssapiAllowedMech krb5'
        echo "GssapiCredStore keytab:$kerberos/service.keytab"
        echo 'GssapiLocalName On'
        ;;
    ntlm)
        echo 'AuthType GSSAPI'
        echo 'AuthName Kinetic'
        echo 'GssapiAllowedMech ntlmssp'
        echo 'GssapiConnectionBound On'
        ;;
    basic)
        echo 'AuthType Basic'
        echo 'AuthName Kinetic'
        echo 'AuthBasicProvider file'
        echo "AuthUserFile $apache_folder/basic.users"
        ;;
    *) fail "Apache has no way in named $1" ;;
    esac
}

# gss-ntlmssp 1.2.0 reads no message of libcurl's as it comes, because libcurl leaves out the field Version (MS-NLMP 2.2.2.10:
# "used for debugging purposes only"). What is proved, the challenge and the response to it, stays as it is:
# - The first message ends before Version, at 32 bytes, and less than 40 are refused. Eight zeros are put there.
# - The third repeats the server's flag NTLMSSP_NEGOTIATE_VERSION without the field. The flag, bit 1 of byte 63, is cleared:
#   in Base64 it is the highest bit of character 85.
apache_translate_ntlm() {
    ntlm=TlRMTVNTUA
    echo "RequestHeader edit Authorization \"^(NTLM ${ntlm}ABAAAA[A-Za-z0-9+/]{27})=\$\" \"\$1AAAAAAAAAAA==\" early"
    for ntlm_letters in gA hB iC jD kE lF mG nH oI pJ qK rL sM tN uO vP; do
        echo "RequestHeader edit Authorization \"^(NTLM ${ntlm}ADAAAA[A-Za-z0-9+/]{69})${ntlm_letters%?}\"" \
            "\"\$1${ntlm_letters#?}\" early"
    done
}

apache_configure() {
    cat >"$apache_folder/apache.conf" <<CONFIG
ServerName 127.0.0.1
ServerRoot $apache_folder
DefaultRuntimeDir $apache_folder
PidFile $apache_folder/pid
ErrorLog $work/apache_${apache_mode}_errors.log
LogLevel warn auth_gssapi:info
LogFormat "%>s %u %X %r" peers
CustomLog $work/apache_${apache_mode}_requests.log peers
Listen 127.0.0.1:$1
User nobody
Group nogroup
ServerLimit 1
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
CONFIG
    for apache_module in mpm_event authn_core authn_file authz_core authz_user auth_basic auth_gssapi headers proxy \
        proxy_http; do
        [ -f "$apache_modules/mod_$apache_module.so" ] || fail "Apache has no mod_$apache_module.so in $apache_modules: \
install Debian's packages apache2-bin and libapache2-mod-auth-gssapi (sh packaging/packages.sh test)"
        echo "LoadModule ${apache_module}_module $apache_modules/mod_$apache_module.so"
    done >>"$apache_folder/apache.conf"
    [ "$apache_mode" != ntlm ] || apache_translate_ntlm >>"$apache_folder/apache.conf"
    {
        echo '<Location "/">'
        apache_way "$apache_mode"
        cat <<CONFIG
    Require valid-user
    RequestHeader set $apache_user_header expr=%{REMOTE_USER}
    RequestHeader unset Authorization
    ProxyPass $apache_backend/ retry=0
</Location>
CONFIG
    } >>"$apache_folder/apache.conf"
}

apache_launch() {
    apache_configure "$1"
    peer_on_port "$1" "apache_$apache_mode" env NTLM_USER_FILE="$apache_folder/ntlm.users" NETBIOS_DOMAIN_NAME="$apache_domain" \
        NETBIOS_COMPUTER_NAME=KINETIC KRB5RCACHEDIR="$apache_folder" \
        "$(need apache2 apache2-bin)" -DFOREGROUND -d "$apache_folder" -f "$apache_folder/apache.conf"
}

# apache_start MODE BACKEND-URL: the first time on a free port, later on the same
apache_start() {
    apache_enter "$1"
    apache_backend=$2
    apache_modules=$(dirname "$(dirname "$(need apache2 apache2-bin)")")/lib/apache2/modules
    [ "$apache_mode" != ntlm ] || ls /usr/lib/*/gssntlmssp/gssntlmssp.so >/dev/null 2>&1 ||
        fail "there is no NTLM in GSSAPI: install Debian's package gss-ntlmssp (sh packaging/packages.sh test)"
    chmod a+x "$work"
    if [ ! -d "$apache_folder" ]; then
        mkdir "$apache_folder"
        : >"$apache_folder/port"
        apache_set_password "$apache_mode" demo-password
    fi
    peer_start "$(cat "$apache_folder/port")" Apache apache_launch
    echo "$peer_port" >"$apache_folder/port"
    echo "$launched" >"$apache_folder/process"
}
# apache_url MODE
apache_url() {
    echo "http://127.0.0.1:$(cat "$work/apache_$1/port")"
}
# apache_requests MODE, apache_errors MODE: log files; a line of the first: status, user, and + for a connection kept
apache_requests() {
    echo "$work/apache_$1_requests.log"
}
apache_errors() {
    echo "$work/apache_$1_errors.log"
}
# apache_stop MODE: connections are refused
apache_stop() {
    peer_stop "$(cat "$work/apache_$1/process")"
}
