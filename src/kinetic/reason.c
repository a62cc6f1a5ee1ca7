#include "kinetic/reason.h"

#include <assert.h>
#include <stddef.h>

enum { LOGIN = 1, PROVES_UP = 2, BACKS_OFF = 4, AUTH = 8, OWN_WORDS = 16, RETRY = 32 };

#define ROW(label, flags, what, what_next)                                                                   \
    {                                                                                                        \
        .name = (label), .sentence = (what), .remedy = (what_next), .login = ((flags)&LOGIN) != 0,           \
        .proves_up = ((flags)&PROVES_UP) != 0, .backs_off = ((flags)&BACKS_OFF) != 0,                        \
        .auth = ((flags)&AUTH) != 0, .own_words = ((flags)&OWN_WORDS) != 0, .retry = ((flags)&RETRY) != 0    \
    }

static const struct reason_row rows[REASONS] = {
    [REASON_CREDENTIALS] = ROW(
        "credentials", AUTH, "The user name, the password or the client secret was refused.",
        "Check whether the account's password was changed, has expired, or the account is locked or disabled "
        "in User Account Security Maintenance; then put the new password into the secret file. With auth = "
        "oauth2: has the client secret or certificate expired (Entra ID: AADSTS7000222), is it the secret's "
        "id "
        "that stands in place of its value (AADSTS7000215), or is this machine's clock wrong (AADSTS700024)? "
        "The next login waits for "
        "login_retry, or comes at once when the secret's text changes."),
    [REASON_API_KEY] = ROW(
        "api_key", AUTH, "The server refused the API key, or wants one and got none.",
        "Check in API Key Maintenance that the key exists, is enabled, has not expired and is meant for this "
        "company; then put it into api_key of this app server."),
    [REASON_TOKEN_REJECTED] = ROW(
        "token_rejected", AUTH | LOGIN, "The server refused a token that should still be valid.",
        "One new login has been tried. If it goes on: was the token signing key changed, was the app pool "
        "recycled, do the clocks of the app servers behind one address differ, is the token meant for this "
        "instance (Live, Pilot)?"),
    [REASON_ACCESS_DENIED] = ROW(
        "access_denied", AUTH | PROVES_UP | OWN_WORDS,
        "The account or the API key has no right to what was asked for.",
        "Give the monitoring account the right (the message names the service or method), add the service or "
        "function to the access scope of the API key, or share the BAQ with the account. A new login does "
        "not "
        "help."),
    [REASON_UNAUTHORIZED] = ROW(
        "unauthorized", AUTH | LOGIN, "The server wants another login than this call carried (401).",
        "Check auth of this app server, and which authentication IIS has switched on for the application "
        "(Anonymous, Basic, Windows). With auth = negotiate: is the service principal HTTP/HOST registered "
        "for "
        "the account of the application pool, and is HOST the name in url? With auth = ntlm: has IIS the "
        "provider NTLM?"),
    [REASON_IDENTITY_PROVIDER] = ROW(
        "identity_provider", AUTH,
        "No token can be had: what gives them out fails or is switched off, while this says nothing of the "
        "password.",
        "The message tells what came back. With auth = token: is url the address of the instance "
        "(https://HOST/INSTANCE), is token authentication configured in the Epicor Administration Console "
        "(Configure Token Authentication), does token_path end as this server wants it (TokenResource.svc/)? "
        "With auth = oauth2: is the identity provider up and reachable from here (oauth2_token_url, proxy), "
        "does it know this client, its scope and grant, and does it let the account in without a second "
        "factor "
        "or consent? With auth = negotiate: does a key distribution center of the realm answer "
        "(/etc/krb5.conf, "
        "DNS, clock)? Living tokens go on until they expire."),
    [REASON_LICENSE_EXHAUSTED] = ROW(
        "license_exhausted", BACKS_OFF, "No seat of this license type is free.",
        "See which users and integrations hold the seats (System Monitor, session management), end sessions "
        "that nobody uses, or buy seats. Check that license of this app server names the type that you own "
        "for "
        "web services."),
    [REASON_NOT_FOUND] = ROW(
        "not_found", PROVES_UP | OWN_WORDS, "Kinetic does not know what was asked for.",
        "Check the spelling of the BAQ, library, function or service, and the company. A BAQ has to be "
        "shared "
        "with the account; a function has to be published, enabled and mapped to the company. Some SaaS "
        "servers answer so now and then for a good function: wait for a second failure."),
    [REASON_CLIENT_ERROR] = ROW(
        "client_error", PROVES_UP | OWN_WORDS, "Kinetic refused the request as wrong.",
        "Read the server's message: a missing or misspelt parameter, a wrong $filter, a rule of the business "
        "logic. 'Missing Root Element' means a body that is no JSON, mostly curly quotes that an editor put "
        "in "
        "place of straight ones."),
    [REASON_CONFLICT_OR_GONE] = ROW("conflict_or_gone", 0,
                                    "The record exists already, or the session has ended (409, 410).",
                                    "A function that creates records is not fit as a probe. After an expired "
                                    "session the next run opens a "
                                    "new one."),
    [REASON_THROTTLED] = ROW(
        "throttled", BACKS_OFF, "The server asks us to call less often (429).",
        "The agent waits by itself. If it goes on, give the probes longer intervals, and see what else calls "
        "this server or shares its gateway."),
    [REASON_UPGRADE_PENDING] = ROW(
        "upgrade_pending", 0, "The database waits for conversions: an upgrade has not been finished.",
        "Run the pending conversions (Conversion Workbench), or wait for Epicor's maintenance to end. Nobody "
        "can work until then."),
    [REASON_UNAVAILABLE] = ROW(
        "unavailable", RETRY, "The Kinetic application does not run behind this address.",
        "Start or recycle the application pool in IIS, and see the Windows event log for why it stopped. On "
        "SaaS see Epicor's status page. If the page came from a gateway or load balancer, see that its "
        "servers "
        "are in rotation. After a change of url: is the instance's name right? If one probe alone gets a 404 "
        "page: "
        "IIS refuses what its request filtering does not like, a query of more than 2,048 bytes first of "
        "all."),
    [REASON_SERVER_ERROR] = ROW(
        "server_error", RETRY, "Kinetic failed while it worked on the request (500).",
        "Look for the correlation id in the app server's event log; the server may hide the detail from "
        "callers (SecureErrors). One failing query points to that BAQ or function, all failing points to the "
        "app server or its database."),
    [REASON_QUERY_TIMEOUT] = ROW(
        "query_timeout", PROVES_UP, "The database did not finish the query in the time that the BAQ allows.",
        "Look for blocking and for heavy work on the database at this time; narrow the query or give it an "
        "index; only then raise the execution time-out of the BAQ."),
    [REASON_REDIRECTED] = ROW(
        "redirected", 0, "The server sends us to another address, and credentials do not follow redirects.",
        "Put the final address into url. A redirect to a login page means that IIS or a gateway asks for a "
        "browser login here."),
    [REASON_TIMEOUT] = ROW(
        "timeout", RETRY, "No whole answer came in the time allowed.",
        "Compare with the other probes of this app server: all slow means seats run out (each call then "
        "waits "
        "20 s or more), a busy app server or database; one slow means this query. Keep timeout above 20 s."),
    [REASON_RESOLVE] = ROW("resolve", RETRY, "The server's name cannot be resolved.",
                           "Check the host name in url, and the name servers of the machine that the agent "
                           "runs on (getent hosts "
                           "NAME)."),
    [REASON_CONNECT] = ROW(
        "connect", RETRY, "No connection to the server can be opened.",
        "Is the machine up, does IIS listen on this port, does a firewall between the agent and the server "
        "let it through?"),
    [REASON_TLS] = ROW(
        "tls", 0, "No trusted TLS connection can be made.",
        "The message names the cause: renew an expired certificate, name the company's own CA in "
        "tls_ca_file, "
        "use the host name that the certificate was issued for. 'wrong version number' means that this port "
        "does not speak TLS. Verification is never switched off."),
    [REASON_CONNECTION_LOST] = ROW(
        "connection_lost", RETRY, "The connection broke before the whole answer had come.",
        "Look for a recycled app pool, a restart, or a gateway with a short idle time-out at this moment. "
        "From the "
        "first request on: does url say http:// where the server speaks https://?"),
    [REASON_INVALID_RESPONSE] = ROW(
        "invalid_response", RETRY, "An answer came that is not what was asked for.",
        "A web page in place of JSON comes from a proxy, a login page or a wrong url. An empty or broken "
        "answer "
        "points to a gateway or a crash in the middle of it. Ask for the same path with curl and read it."),
    [REASON_TOO_LARGE] = ROW("too_large", PROVES_UP, "The answer is larger than max_response.",
                             "Narrow it with select, filter or top, or raise max_response of this probe."),
    [REASON_EXPECTATION] = ROW(
        "expectation", PROVES_UP, "The answer came, and does not say what expect wants.",
        "The message names the field, what was wanted and what came. The call itself worked: look into the "
        "business process behind it."),
    [REASON_ROWS] = ROW(
        "rows", PROVES_UP, "The number of rows lies outside rows_min and rows_max.",
        "The message names the bounds and the number found. The query itself worked: look into the data, or "
        "correct the bounds."),
    [REASON_INTERNAL] = ROW(
        "internal", 0, "The agent itself could not do this run.",
        "Read the agent's log of this minute: out of file descriptors or memory, a "
        "secret that cannot be read (file, environment variable, credential, keytab). If it says "
        "neither, report it as a bug."),
};

const struct reason_row *reason_row(enum reason reason)
{
    assert(reason > REASON_NONE && reason < REASONS);
    return &rows[reason];
}

const char *reason_name(enum reason reason)
{
    return reason == REASON_NONE ? "" : reason_row(reason)->name;
}
