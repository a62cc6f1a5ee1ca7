/* A real key distribution center, MIT's krb5kdc, in a scratch folder and at a free port, for the realm EPICOR.TEST. From
   kdc_make on, KRB5_CONFIG and its relatives name its files, for libkrb5 in this process and for programs that it starts. */
#ifndef INTEGRATION_KDC_H
#define INTEGRATION_KDC_H

#include <stddef.h>
#include <sys/types.h>

struct kdc {
    char folder[32];
    int port;
    pid_t process; /* 0: stopped */
};

/* Makes the realm, with these commands of kadmin, a line each; keytabs that they name lie in the folder. Starts it. */
void kdc_make(struct kdc *kdc, const char *commands);
void kdc_remove(struct kdc *kdc);

void kdc_start(struct kdc *kdc); /* at the same port as before */
void kdc_stop(struct kdc *kdc);
/* Connections and datagrams are accepted, and nothing is answered, until kdc_speak. */
void kdc_silence(struct kdc *kdc);
void kdc_speak(struct kdc *kdc);

void kdc_admin(struct kdc *kdc, const char *commands);
/* argv[0] is looked for in PATH and where system programs lie; NULL ends it. Fails the test when the program fails. */
void kdc_run(struct kdc *kdc, const char *const argv[]);
/* How often the log says this. */
size_t kdc_logged(struct kdc *kdc, const char *text);

/* A file of the folder; the caller frees. */
char *kdc_path(const struct kdc *kdc, const char *name);
void kdc_write(const struct kdc *kdc, const char *name, const void *bytes, size_t size);
/* *size bytes and a NUL; the caller frees. */
char *kdc_read(const struct kdc *kdc, const char *name, size_t *size);

/* A krb5.conf of that name, for the realm's center at the port. */
void kdc_write_config(const struct kdc *kdc, const char *name, int port);

#endif
