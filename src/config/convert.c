/* The values that only one key has: URL, paths, addresses, the moment of renewal. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/value.h"

void free_text(void *field)
{
    free(*(char **)field);
    *(char **)field = NULL;
}

char *read_api_version(const char *text, void *field)
{
    if (strcmp(text, "v1") != 0 && strcmp(text, "v2") != 0)
        return memory_copy_text("it must be v2 or v1");
    *(int *)field = text[1] - '0';
    return NULL;
}

char *read_optional_bool(const char *text, void *field)
{
    struct optional_bool *out = field;
    bool value;

    if (strcmp(text, "none") == 0) {
        *out = (struct optional_bool){.set = false};
        return NULL;
    }
    if (!text_to_bool(span_of(text), &value))
        return memory_copy_text("it must be yes, no or none");
    *out = (struct optional_bool){true, value};
    return NULL;
}

/* ---- URL ---- */

static bool is_port(struct span text)
{
    int64_t port;
    return text.size > 0 && text.data[0] != '+' && text.data[0] != '-' && text_to_int64(text, &port) &&
           port >= 0 && port <= 65535;
}

static bool has_only(struct span text, const char *allowed)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(allowed, text.data[i]) == NULL || text.data[i] == '\0')
            return false;
    }
    return true;
}

#define HOST_CHARACTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define ADDRESS_CHARACTERS "0123456789abcdefABCDEF:.%"

/* HOST or HOST:PORT, IPv6 in brackets (RFC 3986 section 3.2). */
static const char *authority_fault(struct span authority)
{
    struct span host = authority, behind = {NULL, 0};
    if (authority.size > 0 && authority.data[0] == '[') {
        const char *close = memchr(authority.data, ']', authority.size);
        if (close == NULL)
            return "the [ of an IPv6 address is not closed";
        host = (struct span){authority.data + 1, (size_t)(close - authority.data) - 1};
        behind = (struct span){close + 1, authority.size - host.size - 2};
        if (host.size == 0 || !has_only(host, ADDRESS_CHARACTERS) ||
            memchr(host.data, ':', host.size) == NULL)
            return "what stands in the brackets is no IPv6 address";
    } else {
        const char *colon = authority.size == 0 ? NULL : memchr(authority.data, ':', authority.size);
        if (colon != NULL) {
            host.size = (size_t)(colon - authority.data);
            behind = (struct span){colon, authority.size - host.size};
        }
        if (host.size == 0)
            return "the host is missing";
        if (!has_only(host, HOST_CHARACTERS))
            return "the host name holds a character that no host name has";
    }
    if (behind.size > 0 &&
        (behind.data[0] != ':' || !is_port((struct span){behind.data + 1, behind.size - 1})))
        return "the port is no number from 0 to 65535";
    return NULL;
}

/* What is told of a URL of one purpose. */
struct url_words {
    const char *scheme, *user;
};

static const struct url_words asked_words = {
    "it must begin with https:// (or http://), such as https://erp.example.com/KineticLive",
    "it holds a user; write username and password as keys of their own"};
static const struct url_words external_words = {
    "it must begin with https:// (or http://), such as https://monitoring.example.com/epicor",
    "it holds a user; leave that out: it is only where people reach the exporter"};

/* Scheme and authority are looked at in any URL; *path is what follows them. */
static const char *url_fault(const struct url_words *words, const char *text, bool *https,
                             struct span *authority, struct span *path)
{
    const char *scheme_end = strstr(text, "://");
    struct span scheme = {text, scheme_end == NULL ? 0 : (size_t)(scheme_end - text)};
    *https = span_is_nocase(scheme, "https");
    if (!*https && !span_is_nocase(scheme, "http"))
        return words->scheme;
    struct span rest = span_of(scheme_end + 3);
    *authority = (struct span){rest.data, strcspn(rest.data, "/?#")};
    *path = (struct span){authority->data + authority->size, rest.size - authority->size};
    if (memchr(authority->data, '@', authority->size) != NULL)
        return words->user;
    if (strchr(rest.data, '#') != NULL)
        return "a URL to be asked has no #";
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || strchr("\\<>\"{}|^`", *c) != NULL)
            return "it holds a character that a URL writes as %XX";
    }
    return authority_fault(*authority);
}

static char *url_whole(bool https, struct span authority, struct span path)
{
    return memory_format("%s://%.*s%.*s", https ? "https" : "http", (int)authority.size, authority.data,
                         (int)path.size, path.data);
}

char *read_url(const char *text, void *field)
{
    bool https;
    struct span authority, path;
    const char *fault = url_fault(&asked_words, text, &https, &authority, &path);
    if (fault != NULL)
        return memory_copy_text(fault);
    if (strchr(text, '?') != NULL)
        return memory_copy_text("a base URL has no ? and no #");
    while (path.size > 0 && path.data[path.size - 1] == '/')
        path.size--;
    if (span_find_nocase(path, "/api/v1") != NULL || span_find_nocase(path, "/api/v2") != NULL)
        return memory_copy_text("the base URL ends before /api, such as https://erp.example.com/KineticLive");
    *(char **)field = url_whole(https, authority, path);
    return NULL;
}

char *read_token_url(const char *text, void *field)
{
    bool https;
    struct span authority, path;
    const char *fault = url_fault(&asked_words, text, &https, &authority, &path);
    if (fault != NULL)
        return memory_copy_text(fault);
    if (path.size == 0)
        return memory_copy_text("it has no path: a token endpoint is such as "
                                "https://login.example.com/connect/token");
    *(char **)field = url_whole(https, authority, path);
    return NULL;
}

char *read_external_url(const char *text, void *field)
{
    bool https;
    struct span authority, path;
    const char *fault = url_fault(&external_words, text, &https, &authority, &path);
    if (fault != NULL)
        return memory_copy_text(fault);
    if (strchr(text, '?') != NULL)
        return memory_copy_text("it has no ? and no #");
    *(char **)field = url_whole(https, authority, path);
    return NULL;
}

/* ---- paths ---- */

char *read_token_path(const char *text, void *field)
{
    if (text[0] == '/' || strstr(text, "://") != NULL)
        return memory_copy_text("it is a path below the app server's url, without a / before it");
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || strchr("?#\\<>\"{}|^`", *c) != NULL)
            return memory_copy_text("it holds a character that a path cannot have");
    }
    *(char **)field = memory_copy_text(text);
    return NULL;
}

char *read_telemetry_path(const char *text, void *field)
{
    if (text[0] != '/' || text[1] == '\0')
        return memory_copy_text("it must begin with / and have something behind it, such as /metrics");
    if (!has_only(span_of(text), HOST_CHARACTERS "/~"))
        return memory_copy_text("use only the characters A-Z a-z 0-9 . - _ ~ /");
    for (const char *part = text; part != NULL; part = strchr(part + 1, '/')) {
        size_t size = strcspn(part + 1, "/");
        if (size == 0 || (size <= 2 && strspn(part + 1, ".") == size))
            return memory_copy_text("no part between two / may be empty, . or ..: clients and proxies change "
                                    "such a path before they ask for it");
    }
    static const char *const taken[] = {"/-", "/api", "/config", "/dashboards", "/rules"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        size_t length = strlen(taken[i]);
        if (strncmp(text, taken[i], length) == 0 && (text[length] == '\0' || text[length] == '/'))
            return memory_format("what is below %s belongs to other pages of the exporter", taken[i]);
    }
    *(char **)field = memory_copy_text(text);
    return NULL;
}

/* ---- addresses ---- */

char *listen_address_read(const char *text, struct listen_address *out)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !is_port(span_of(colon + 1)))
        return memory_copy_text("it must be [HOST]:PORT, such as :10606, 127.0.0.1:10606 or [::1]:10606");
    struct span host = {text, (size_t)(colon - text)};
    if (host.size > 0 && host.data[0] != '[' && memchr(host.data, ':', host.size) != NULL)
        return memory_copy_text("write an IPv6 address in brackets, such as [::1]:10606");
    if (host.size > 0) {
        const char *fault = authority_fault(host);
        if (fault != NULL)
            return memory_copy_text(fault);
    }
    if (host.size > 0 && host.data[0] == '[')
        host = (struct span){host.data + 1, host.size - 2};
    *out = (struct listen_address){memory_copy_bytes(host.size == 0 ? "" : host.data, host.size),
                                   memory_copy_text(colon + 1)};
    return NULL;
}

void free_listen(void *field)
{
    struct web_settings *web = field;
    for (size_t i = 0; i < web->listen_count; i++) {
        free(web->listen[i].host);
        free(web->listen[i].port);
    }
    free(web->listen);
    web->listen = NULL;
    web->listen_count = 0;
}

char *read_listen(const char *text, void *field)
{
    struct web_settings read = {0};
    struct span rest = span_of(text), item;
    char *fault = NULL;
    while (fault == NULL && span_next_item(&rest, &item)) {
        char *one = memory_copy_bytes(item.data, item.size);
        read.listen = memory_grow(read.listen, read.listen_count + 1, sizeof *read.listen);
        fault = listen_address_read(one, &read.listen[read.listen_count]);
        read.listen_count += fault == NULL ? 1 : 0;
        free(one);
    }
    if (fault != NULL) {
        free_listen(&read);
        return fault;
    }
    struct web_settings *web = field;
    web->listen = read.listen;
    web->listen_count = read.listen_count;
    return NULL;
}

/* ---- windows ---- */

char *read_windows(const char *text, void *field)
{
    return windows_read(text, field);
}

void free_windows(void *field)
{
    windows_free(field);
}

/* ---- token_renew_at ---- */

char *read_renew_at(const char *text, void *field)
{
    struct renew_at at = {0};
    struct span value = span_of(text);
    if (value.size > 0 && value.data[value.size - 1] == '%') {
        double percent;
        if (!text_to_double((struct span){value.data, value.size - 1}, &percent) || percent < 1 ||
            percent > 99)
            return memory_copy_text("a share of the lifetime is 1% to 99%");
        at.is_share = true;
        at.share = percent / 100;
    } else if (!text_to_duration(value, &at.before_ns)) {
        return memory_copy_text(
            "write a share of the lifetime, such as 80%, or a duration before expiry, such as 5m");
    } else if (at.before_ns <= 0) {
        return memory_copy_text("a token must be renewed before it expires");
    }
    *(struct renew_at *)field = at;
    return NULL;
}
