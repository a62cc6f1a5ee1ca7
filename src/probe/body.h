/* The bodies that probes send: checked at load, their dates filled in at each run. */
#ifndef PROBE_BODY_H
#define PROBE_BODY_H

#include "probe/kind.h"

/* Faults of a JSON body at its key body (NULL: its file cannot be read, which has been told): a misspelt date, curly quotes,
   what is no JSON, what is no object. whose: who wants an object, for people: "a function"; NULL: nobody, any value is
   good. */
void body_check(const struct probe_settings *probe, const char *body, const char *whose,
                struct fault_list *faults);

/* Faults of a body of any form: misspelt dates. */
void body_check_dates(const struct probe_settings *probe, const char *body, struct fault_list *faults);

/* The value of the root object's first member of that name, where the name is written without escapes, as it stands in a
   valid JSON text; false: there is none. */
bool body_member(const char *json, const char *name, struct span *value);

#endif
