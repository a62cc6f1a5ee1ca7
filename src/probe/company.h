/* Companies that a server names in its rows: a label only where they are configured, else "other" (contract, section 4). */
#ifndef PROBE_COMPANY_H
#define PROBE_COMPANY_H

#include "config/model.h"
#include "json/scanner.h"

#define COMPANY_OTHER "other"

/* The companies of the app server and of the probe, each once, and "other" behind them where none has that name. */
struct companies {
    const char **names; /* owned; the texts are the model's */
    size_t count;
    size_t configured; /* so many of them, the first, are */
    size_t other;      /* index of "other" */
};

void companies_init(struct companies *companies, const struct target_settings *target);
void companies_free(struct companies *companies);
/* The index of the company that a row names, or of other. */
size_t companies_find(const struct companies *companies, const struct json_value *value);

#endif
