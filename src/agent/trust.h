/* Whom TLS trusts: one certificate store a CA set, loaded once and shared by all connections; and what a handshake's
   verification found. Verification itself is OpenSSL's, its verdict stands. Agent thread only. */
#ifndef AGENT_TRUST_H
#define AGENT_TRUST_H

#include <stdbool.h>
#include <stdint.h>

struct trust; /* all CA sets of the process */

/* One CA set; lives as long as its struct trust. */
struct trust_set;

/* What one handshake saw. Shared by the TLS context and whoever watches it. */
struct handshake {
    int references;
    const void *store;    /* to be verified against */
    int error;            /* X509_V_...; 0 while nothing is wrong */
    int64_t expiry_epoch; /* earliest notAfter of the chain; 0: no certificate seen yet */
};

struct trust *trust_new(void);
void trust_free(struct trust *trust); /* NULL is allowed */

/* The CA set of a PEM file, or the system's for NULL; read at the first call for it, and again only when that failed. Returns
   NULL, and *why a static sentence, when it cannot be read or holds no certificate. */
const struct trust_set *trust_find(struct trust *trust, const char *ca_file, const char **why);

/* Makes a TLS context (an SSL_CTX) verify peers against the set, sets *handshake to what its handshake will have seen.
   The caller gives that back with handshake_release. False: out of memory. */
bool trust_attach(const struct trust_set *set, void *ssl_context, struct handshake **handshake);

void handshake_release(struct handshake *handshake); /* NULL is allowed */

/* OpenSSL's sentence of what was wrong: "certificate has expired"; NULL when nothing was. Static. */
const char *handshake_error(const struct handshake *handshake);

#endif
