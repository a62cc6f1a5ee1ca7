/* [defaults KIND]: keys that the probes of a kind have unless they write them themselves. */
#ifndef CONFIG_DEFAULTS_H
#define CONFIG_DEFAULTS_H

#include "config/document.h"
#include "config/model.h"

struct kind_defaults {
    const struct config_kind *kind;
    const struct section *section; /* of the document */
    size_t probes;                 /* of that kind, so far */
};

/* Zeroed: there are none. */
struct defaults {
    struct kind_defaults *items;
    size_t count;
};

void defaults_add(struct defaults *defaults, const struct config_kind *kind, const struct section *section);
void defaults_free(struct defaults *defaults);

/* Those of the kind, or NULL. */
struct kind_defaults *defaults_find(const struct defaults *defaults, const struct config_kind *kind);

/* The probe's section with the entries that it takes from defaults (NULL: none) behind its own. One key by itself: a key
   is taken unless the probe writes it in one of its forms; of param.NAME, expect.FIELD and the like each name is a key.
   Only .entries is owned by the caller, who frees it; everything else belongs to the document. */
struct section defaults_merge(const struct kind_defaults *defaults, const struct section *probe);

/* What was found wrong in probes at a key of [defaults KIND] is told there, once, and not for each probe. */
void defaults_fold(const struct defaults *defaults, struct fault_list *faults);

#endif
