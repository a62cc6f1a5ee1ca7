# An OpenID Connect provider (identity_provider/provider.js). idp_start sets $idp (process), $idp_issuer, $idp_token_url
# and $idp_keys_url. Its clients differ in how they prove who they are:
#   client-form, client-basic   $idp_secret in the form, or by HTTP Basic
#   client-key                  private_key_jwt with $idp_folder/client.key and client.crt
# Each may use the grants client_credentials and password ($idp_user, $idp_password). Access tokens are JWTs (RS256) for
# $idp_audience and live $idp_lifetime seconds: set it before idp_start.
# shellcheck shell=sh
idp_folder=$work/identity_provider
idp_audience=https://kinetic.example/api
idp_secret=demo-client-secret
idp_user=epicor-monitor
idp_password=demo-password
idp_lifetime=3600
idp_port=

# idp_certificate NAME: a key and a self-signed certificate for client-key
idp_certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$1" -days 30 -keyout "$idp_folder/$1.key" \
        -out "$idp_folder/$1.crt" >"$work/openssl.log" 2>&1 || fail "openssl made no certificate"
}

idp_launch() {
    cat >"$idp_folder/settings.json" <<SETTINGS
{ "port": $1, "lifetime": $idp_lifetime, "audience": "$idp_audience", "clientSecret": "$idp_secret",
  "user": "$idp_user", "password": "$idp_password" }
SETTINGS
    peer_on_port "$1" identity_provider node "$idp_program/provider.js" "$idp_folder"
}

# idp_start: the first time on a free port, later on the same
idp_start() {
    idp_program=$(sh tests/peers/identity_provider/install.sh) || fail "the identity provider could not be installed"
    mkdir -p "$idp_folder"
    [ -f "$idp_folder/client.crt" ] || idp_certificate client
    peer_start "$idp_port" "the identity provider" idp_launch
    idp=$launched
    idp_port=$peer_port
    idp_issuer=http://127.0.0.1:$idp_port
    idp_token_url=$idp_issuer/token
    idp_keys_url=$idp_issuer/jwks
}
# idp_stop: connections are refused
idp_stop() {
    peer_stop "$idp"
}
# idp_silence, idp_speak: connections are accepted, and nothing is answered
idp_silence() {
    peer_silence "$idp"
}
idp_speak() {
    peer_speak "$idp"
}
# idp_restart: with what the variables say now
idp_restart() {
    idp_stop
    idp_start
}
# idp_rotate_secret SECRET: the old one is wrong from now on
idp_rotate_secret() {
    idp_secret=$1
    idp_restart
}
# idp_rotate_certificate: the key pair that client-key had is wrong from now on; the new one is in place already
idp_rotate_certificate() {
    idp_certificate client
    idp_restart
}
# idp_revoke_tokens: a new signing key, so that no token issued before is good any more, once $idp_keys_url is read again
idp_revoke_tokens() {
    rm -f "$idp_folder/keys.json"
    idp_restart
}
# idp_keys FILE: what $idp_keys_url answers, put in place at once
idp_keys() {
    curl -sSf -o "$1.new" "$idp_keys_url" || fail "no keys at $idp_keys_url"
    mv "$1.new" "$1"
}
