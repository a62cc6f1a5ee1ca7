#include "web/headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/secret.h"

static const char *const names[HEADER_COUNT] = {
    [HEADER_ACCEPT] = "Accept",
    [HEADER_ACCEPT_ENCODING] = "Accept-Encoding",
    [HEADER_AUTHORIZATION] = "Authorization",
    [HEADER_HOST] = "Host",
    [HEADER_ORIGIN] = "Origin",
    [HEADER_FETCH_SITE] = "Sec-Fetch-Site",
};

/* What proxies write of whom they speak for. One that adds nothing of it is not told from a program on this machine. */
static const char *const proxy_names[] = {"Forwarded",         "X-Forwarded-For", "X-Forwarded-Host",
                                          "X-Forwarded-Proto", "X-Real-IP",       "Via"};

static void wipe(char *text)
{
    if (text != NULL)
        secret_wipe(text, strlen(text));
    free(text);
}

static void join(char **text, const char *value)
{
    char *joined = *text == NULL ? memory_copy_text(value) : memory_format("%s, %s", *text, value);

    wipe(*text);
    *text = joined;
}

static void look_at_length(struct headers *headers, const char *value)
{
    headers->lengths++;
    headers->has_body = headers->has_body || strcmp(value, "0") != 0;
    headers->wrong = headers->wrong || headers->lengths > 1 || value[0] == '\0' ||
                     value[strspn(value, "0123456789")] != '\0';
}

void headers_add(struct headers *headers, const char *name, const char *value)
{
    static const char token[] =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *text = value != NULL ? value : "";

    headers->wrong = headers->wrong || name[0] == '\0' || name[strspn(name, token)] != '\0';
    for (size_t i = 0; i < HEADER_COUNT; i++)
        if (strcasecmp(name, names[i]) == 0)
            join(&headers->texts[i], text);
    for (size_t i = 0; i < sizeof proxy_names / sizeof proxy_names[0]; i++)
        headers->by_proxy = headers->by_proxy || strcasecmp(name, proxy_names[i]) == 0;
    if (strcasecmp(name, "Host") == 0)
        headers->wrong = headers->wrong || ++headers->hosts > 1;
    if (strcasecmp(name, "Transfer-Encoding") == 0)
        headers->has_body = true;
    if (strcasecmp(name, "Content-Length") == 0)
        look_at_length(headers, text);
}

void headers_free(struct headers *headers)
{
    for (size_t i = 0; i < HEADER_COUNT; i++)
        wipe(headers->texts[i]);
    *headers = (struct headers){.has_body = false};
}
