/* A CA and a server certificate, made in this process, with any age. */
#ifndef SIMULATOR_CERTIFICATES_H
#define SIMULATOR_CERTIFICATES_H

#include "simulator/simulator.h"

struct sim_certificates {
    char *certificate, *key; /* PEM */
    char *folder, *ca_file;
    struct x509_st *ca;
    struct evp_pkey_st *ca_key;
    time_t not_after; /* of the server's certificate */
};

/* kind is not SIMULATOR_PLAIN_HTTP. expires_in: see struct simulator_options. others: whose CA signs, NULL: a CA of
 * its own. */
void sim_certificates_make(struct sim_certificates *certificates, enum simulator_certificate kind,
                           int64_t expires_in, const struct sim_certificates *others);
/* Another certificate of the same CA for the server. */
void sim_certificates_renew(struct sim_certificates *certificates, enum simulator_certificate kind,
                            int64_t expires_in);
/* Also removes the CA file. */
void sim_certificates_free(struct sim_certificates *certificates);

#endif
