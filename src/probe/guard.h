/* What no probe may call or read: services whose answers hold secrets, methods that change the ERP, columns that are secrets
   or personal data (contract, section 2, kind method; facts §3, §4.5, §7.1, §7.3, §7.4). Names are compared whatever the
   case of their letters, because the server compares them so. */
#ifndef PROBE_GUARD_H
#define PROBE_GUARD_H

#include "probe/kind.h"

/* ---- services ---- */

enum guarded {
    GUARD_FREE,
    GUARD_SENSITIVE, /* its rows hold secrets or personal data beside what is wanted: only with select */
    GUARD_NEVER      /* its answers are secrets */
};

/* Of a service or a path that names one, in any namespace and any case of letters: TokenServiceSvc, TokenService.svc. */
enum guarded guard_service(const char *service);

/* Is a part of a path the name of a service, as REST writes it (NameSvc) or as SOAP (Name.svc)? */
bool guard_is_service(const char *part);

/* ---- methods ---- */

/* The next part of a decoded path, from *path on: without its key in brackets, without blanks and dots at its ends; a slash in
   the quotes of a key separates nothing. NULL at the end; else owned. */
char *guard_next_part(const char **path);

/* Do all brackets and quotes of keys end? Where they do not, nobody knows where the parts do. */
bool guard_parts_end(const char *path);

/* NULL, or why a method of that name must not be called, for people: "a name that begins with Delete ...". A name may be
   qualified: Ice.BO.X.DeleteByID. */
const char *guard_method(const char *method);

/* The same for a name that is read with GET, where it mostly is an entity set: ProcessSets of ProcessSetSvc are rows. */
const char *guard_read(const char *service, const char *name);

/* The same for a name that is called with POST, where an entity set takes a new row. */
const char *guard_post(const char *service, const char *name);

/* Does the name begin with a verb of reading, so that its POST is known to be harmless? */
bool guard_reads(const char *method);

/* Of the address of a SOAP action, which ends in the method's name: http://tempuri.org/XContract/DeleteByID. */
const char *guard_action(const char *action);

/* ---- columns ---- */

/* NULL, or the first name in a text (a list, a path, name=column) that is a column which no probe takes from a sensitive
   service, or a * for all of them. Owned. NULL for a service that is not sensitive. */
char *guard_column(const char *service, const char *text);

/* Faults of what is taken from the rows of a sensitive service: by value.NAME and expect.FIELD. */
void guard_values(const struct probe_settings *probe, const char *service, const struct pair_list *values,
                  struct fault_list *faults);
void guard_expect(const struct probe_settings *probe, const char *service, const struct pair_list *expect,
                  struct fault_list *faults);

/* Faults of an OData option of the URL, decoded, written at place as family ("param.", "") and name: $select of such columns, $expand and the like of any. */
void guard_option(const struct probe_settings *probe, const char *service, struct place place,
                  const char *family, const char *name, const char *value, struct fault_list *faults);

#endif
