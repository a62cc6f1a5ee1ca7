#include "agent/secrets.h"

#include <stdlib.h>

void secrets_read(const struct appserver_settings *settings, struct secrets *out)
{
    const struct secret_source *const sources[] = {&settings->username, &settings->password,
                                                   &settings->api_key};
    struct secret **const targets[] = {&out->username, &out->password, &out->api_key};
    *out = (struct secrets){0};
    /* Without one of them the others are of no use, and each may take its time. */
    for (size_t i = 0; i < sizeof sources / sizeof sources[0] && !out->why; i++)
        *targets[i] = secret_read(sources[i], &out->why);
}

void secrets_free(struct secrets *secrets)
{
    secret_unref(secrets->username);
    secret_unref(secrets->password);
    secret_unref(secrets->api_key);
    free(secrets->why);
    *secrets = (struct secrets){0};
}

static bool changeable(const struct secret_source *source)
{
    return source->form == SECRET_FILE || source->form == SECRET_CREDENTIAL;
}

bool secrets_changeable(const struct appserver_settings *settings)
{
    return changeable(&settings->username) || changeable(&settings->password) ||
           changeable(&settings->api_key);
}
