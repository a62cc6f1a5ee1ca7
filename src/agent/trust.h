/* Whom TLS trusts, and as whom it shows itself: a certificate store and a client certificate for each set of files, read once and
   shared by all connections, and read again when a file has changed; and what a handshake's verification found. Verification itself
   is OpenSSL's, its verdict stands. Agent thread only.

   The files are looked at on that thread: a stat each, at most every 5 s, and a reading of some kilobytes when one has changed. That
   does not block for local files; a file on a network disk that hangs would hold up the loop. */
#ifndef AGENT_TRUST_H
#define AGENT_TRUST_H

#include <stdbool.h>
#include <stdint.h>

struct trust; /* all sets of the process */

/* What was read of a set of files; never changes, counted by references. */
struct trust_set;

struct trust_files {
    const char *ca;          /* NULL: the system's */
    const char *certificate; /* to be shown, with its chain; NULL: none */
    const char *key;         /* NULL: in the certificate's file */
};

/* What one handshake saw. Shared by the TLS context and whoever watches it. */
struct handshake {
    int references;
    const void *store;    /* to be verified against */
    int error;            /* X509_V_...; 0 while nothing is wrong */
    int64_t expiry_epoch; /* earliest notAfter of the chain; 0: no certificate seen yet */
};

struct trust *trust_new(void);
void trust_free(struct trust *trust); /* NULL is allowed */

/* The set of these files (PEM) as they are now; the caller gives it back with trust_set_release. now_ns: boot time. Files that have
   become unusable are passed over for a minute, in which the last good ones stay. Returns NULL, and *why a static sentence, when they
   cannot be used; the next call tries again. */
struct trust_set *trust_find(struct trust *trust, const struct trust_files *files, int64_t now_ns,
                             const char **why);
void trust_set_release(struct trust_set *set); /* NULL is allowed */

/* Another number for each content of the files; 0 for NULL. */
uint64_t trust_set_serial(const struct trust_set *set);
/* Earliest notAfter of the client certificate and its chain, seconds since 1970; 0: none. */
int64_t trust_set_client_expiry(const struct trust_set *set);

/* Makes a TLS context (an SSL_CTX) verify peers against the set and show its certificate, sets *handshake to what its handshake will have seen.
   The caller gives that back with handshake_release. False: out of memory. */
bool trust_attach(const struct trust_set *set, void *ssl_context, struct handshake **handshake);

void handshake_release(struct handshake *handshake); /* NULL is allowed */

/* OpenSSL's sentence of what was wrong: "certificate has expired"; NULL when nothing was. Static. */
const char *handshake_error(const struct handshake *handshake);

#endif
