#include "secrets.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORM_MAX   1024
#define SHORTEST   6 /* bytes: what is shorter occurs by chance */
#define LONGEST    128
#define JWT_LETTER "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

struct secret_list secret_list_read(const char *path)
{
    struct secret_list list = {0};
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "r");
    for (ssize_t size; file && (size = getline(&line, &capacity, file)) > 0;) {
        line[strcspn(line, "\n")] = '\0';
        bool comment = line[0] == '#' || line[0] == '~' || line[0] == '\0';
        if (!comment && (strlen(line) < SHORTEST || strlen(line) > LONGEST)) {
            fprintf(stderr, "%s: line %zu is too short or too long to be looked for\n", path, list.count + 1);
            exit(2);
        }
        list.items = realloc(list.items, (list.count + 1) * sizeof *list.items);
        if (!list.items)
            abort();
        list.items[list.count++] = strdup(comment ? "" : line);
    }
    free(line);
    if (file)
        fclose(file);
    if (list.count == 0) {
        fprintf(stderr, "%s cannot be read, or has no secret\n", path);
        exit(2);
    }
    return list;
}

void secret_list_free(struct secret_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct secret_list){0};
}

/* ---- forms ---- */

static void write_plain(const char *secret, char *out)
{
    snprintf(out, FORM_MAX, "%s", secret);
}

static void write_percent(const char *secret, char *out)
{
    for (; *secret; secret++)
        out += isalnum((unsigned char)*secret) || strchr("-_.~", *secret)
                   ? snprintf(out, 2, "%c", *secret)
                   : snprintf(out, 4, "%%%02X", (unsigned char)*secret);
}

static void write_form(const char *secret, char *out)
{
    write_percent(secret, out);
    for (char *at; (at = strstr(out, "%20"));) {
        *at = '+';
        memmove(at + 1, at + 3, strlen(at + 3) + 1);
    }
}

static void write_html(const char *secret, char *out)
{
    static const char *const names[] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    for (; *secret; secret++) {
        unsigned char c = (unsigned char)*secret;
        const char *name = c < sizeof names / sizeof names[0] ? names[c] : NULL;
        out += name ? snprintf(out, 8, "%s", name) : snprintf(out, 2, "%c", *secret);
    }
}

static void write_json(const char *secret, char *out)
{
    for (; *secret; secret++)
        out += snprintf(out, 3, *secret == '"' || *secret == '\\' ? "\\%c" : "%c", *secret);
}

/* The characters that hold bits of the secret alone, when so many other bytes were encoded before it. */
static void write_base64(const char *secret, size_t before, char *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t first = (before * 8 + 5) / 6, last = (before + strlen(secret)) * 8 / 6;
    for (size_t i = first; i < last; i++) {
        unsigned value = 0;
        for (size_t bit = 6 * i; bit < 6 * i + 6; bit++)
            value = value << 1 | ((unsigned)(unsigned char)secret[bit / 8 - before] >> (7 - bit % 8) & 1u);
        *out++ = letters[value];
    }
    *out = '\0';
}

static void write_base64_0(const char *secret, char *out)
{
    write_base64(secret, 0, out);
}

static void write_base64_1(const char *secret, char *out)
{
    write_base64(secret, 1, out);
}

static void write_base64_2(const char *secret, char *out)
{
    write_base64(secret, 2, out);
}

static const struct form {
    const char *name;
    void (*write)(const char *secret, char *out);
    bool exact;
} forms[] = {
    {"as it is", write_plain, false},    {"percent-encoded", write_percent, false},
    {"as in a form", write_form, false}, {"as in HTML", write_html, false},
    {"as in JSON", write_json, false},   {"in base64", write_base64_0, true},
    {"in base64", write_base64_1, true}, {"in base64", write_base64_2, true},
};

/* ---- looking ---- */

static void make_small(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] + ('a' - 'A'));
}

static const char *find_token(const char *text, size_t size)
{
    const char *end = text + size;
    for (const char *at = text; (at = memmem(at, (size_t)(end - at), "eyJ", 3)); at++) {
        const char *dot = at;
        while (dot < end && *dot && strchr(JWT_LETTER, *dot))
            dot++;
        if (end - dot > 4 && memcmp(dot, ".eyJ", 4) == 0)
            return at;
    }
    return NULL;
}

static const char *find_form(const struct form *form, const char *secret, const char *text, const char *small,
                             size_t size)
{
    char wanted[FORM_MAX] = "";
    form->write(secret, wanted);
    if (form != forms && strcmp(wanted, secret) == 0)
        return NULL; /* has been looked for */
    if (form->exact)
        return memmem(text, size, wanted, strlen(wanted));
    make_small(wanted, strlen(wanted));
    const char *found = memmem(small, size, wanted, strlen(wanted));
    return found ? text + (found - small) : NULL;
}

const char *secret_list_find(const struct secret_list *list, const char *text, size_t size, const char **what,
                             size_t *which)
{
    const char *found = NULL;
    char *small = malloc(size + 1);
    if (!small)
        abort();
    memcpy(small, text, size);
    make_small(small, size);
    for (size_t i = 0; i < list->count && !found; i++) {
        *which = i + 1;
        for (size_t f = 0; f < sizeof forms / sizeof forms[0] && *list->items[i] && !found; f++) {
            *what = forms[f].name;
            found = find_form(&forms[f], list->items[i], text, small, size);
        }
    }
    free(small);
    if (found)
        return found;
    *what = "a token";
    *which = 0;
    return find_token(text, size);
}
