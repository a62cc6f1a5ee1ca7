/* What no probe may call or read: services whose answers hold secrets, methods that change the ERP (contract, section 2, kind
   method; facts §4.5, §7.1, §7.4). */
#ifndef PROBE_GUARD_H
#define PROBE_GUARD_H

#include "probe/kind.h"

enum guarded {
    GUARD_FREE,
    GUARD_SENSITIVE, /* its rows hold secrets or personal data beside what is wanted: only with select */
    GUARD_NEVER      /* its answers are secrets */
};

/* Of a service or a path that names one, in any namespace and any case of letters: TokenServiceSvc, TokenService.svc. */
enum guarded guard_service(const char *service);

/* NULL, or why a method of that name must not be called, for people: "a name that begins with Delete". */
const char *guard_method(const char *method);

#endif
