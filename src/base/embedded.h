/* Files that are built into the program; the tables are written at build time (src/embed.cmake). */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name; /* without its folder; NULL ends a table */
    const char *data; /* a NUL stands behind it */
    size_t size;
    const char *sha256; /* base64 */
};

/* Stands in the rules in place of the user's own address of runbooks and dashboards. */
#define EMBEDDED_BASE_URL "https://epicor-exporter.example"

extern const struct embedded_file embedded_dashboards[]; /* Grafana boards, NAME.json */
extern const struct embedded_file embedded_rules[];      /* rules of Prometheus, NAME.yml */
extern const struct embedded_file embedded_page[];       /* page.css and page.js of the status page */

/* NULL: there is none of that name. */
const struct embedded_file *embedded_find(const struct embedded_file *table, const char *name);

#endif
