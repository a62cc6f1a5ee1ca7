/* Everything a scan tells, as one text, so that two scans can be compared. */
#ifndef TESTS_UNIT_JSON_DIGEST_H
#define TESTS_UNIT_JSON_DIGEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/scanner.h"
#include "json/state.h"

#define DIGEST_MAX 8192

struct digest {
    char text[DIGEST_MAX];
    size_t size;
};

static inline void digest_add(struct digest *digest, const char *text, size_t size)
{
    if (size > sizeof digest->text - digest->size - 1) {
        size = sizeof digest->text - digest->size - 1;
    }
    memcpy(digest->text + digest->size, text, size);
    digest->size += size;
    digest->text[digest->size] = '\0';
}

static inline void digest_value(struct digest *digest, const struct json_value *value)
{
    char head[64];
    int size = snprintf(head, sizeof head, " %s%s(", json_kind_text(value->kind),
                        value->overlong ? "..." : "");
    digest_add(digest, head, (size_t)size);
    digest_add(digest, value->text, value->size);
    digest_add(digest, ")", 1);
}

static inline void digest_row(void *context, const struct json_row *row)
{
    char head[64];
    int size = snprintf(head, sizeof head, "row %llu %s:", (unsigned long long)row->number,
                        json_kind_text(row->kind));
    digest_add(context, head, (size_t)size);
    for (size_t i = 0; i < row->field_count; i++) {
        digest_value(context, &row->fields[i]);
    }
    digest_add(context, "\n", 1);
}

static inline void digest_result(struct digest *digest, const struct json_result *result)
{
    char head[256];
    int size = snprintf(
        head, sizeof head, "error %d at %llu (%s) root %s rows %s %llu odd %llu columns %zu %d\n",
        (int)result->error, (unsigned long long)(result->error ? result->offset : 0), result->sentence,
        json_kind_text(result->root), json_kind_text(result->rows_kind), (unsigned long long)result->rows,
        (unsigned long long)result->odd_rows, result->columns.count, result->columns.incomplete);
    digest_add(digest, head, (size_t)size);
    for (size_t i = 0; i < result->columns.count; i++) {
        digest_add(digest, result->columns.names[i], strlen(result->columns.names[i]));
        digest_add(digest, ",", 1);
    }
    for (size_t i = 0; i < result->member_count; i++) {
        digest_value(digest, &result->members[i]);
    }
}

/* Scans bytes cut at the given places (ascending; 0 ends the list). Each piece is a block of its own, so that
   AddressSanitizer sees a read beside it. */
static inline void digest_scan(struct digest *digest, const struct json_plan *plan, enum json_road road,
                               const void *bytes, size_t size, const size_t *cuts, size_t cut_count)
{
    digest->size = 0;
    digest->text[0] = '\0';
    struct json_scanner *scanner = json_scanner_new(plan, digest_row, digest);
    json_scanner_take_road(scanner, road);
    size_t from = 0;
    for (size_t i = 0; i <= cut_count; i++) {
        size_t to = i < cut_count ? cuts[i] : size;
        char *piece = malloc(to - from + 1);
        memcpy(piece, (const char *)bytes + from, to - from);
        piece = realloc(piece, to - from ? to - from : 1);
        json_scanner_feed(scanner, piece, to - from);
        free(piece);
        from = to;
    }
    const struct json_result *result = json_scanner_finish(scanner);
    digest_result(digest, result);
    if (result->error == JSON_FINE && result->offset != size) {
        digest_add(digest, " WRONG SIZE", 11);
    }
    json_scanner_free(scanner);
}

#endif
