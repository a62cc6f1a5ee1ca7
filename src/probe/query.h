/* What baq and bo share: OData options, rows = page, count or all, the bounds of rows (facts §6, §9.12-21). */
#ifndef PROBE_QUERY_H
#define PROBE_QUERY_H

#include "probe/bounds.h"
#include "probe/kind.h"
#include "probe/values.h"

enum query_rows { QUERY_PAGE, QUERY_COUNT, QUERY_ALL };

struct query_settings {
    struct pair_list param;
    char *select, *filter, *orderby, *expand; /* NULL: not sent */
    struct optional_number top, skip;
    int rows;                                      /* enum query_rows */
    struct optional_number page_size, fetch_limit; /* not set: the defaults below */
    struct bounds bounds;
    struct value_settings values;
};

#define QUERY_PAGE_SIZE   100
#define QUERY_FETCH_LIMIT 5000
#define QUERY_URL_MAX     ((size_t)1 << 20) /* bytes; far above what a checked configuration makes */

extern const char *const query_rows_names[]; /* of enum query_rows, for CONFIG_CHOICE */

/* Their rows, for the row table of a kind whose settings struct has a member query. */
#define QUERY_AT(owner, member) .offset = offsetof(owner, query) + offsetof(struct query_settings, member)
#define QUERY_CONFIG_ROWS(owner)                                                                             \
    {.name = "param",                                                                                        \
     .hidden = true,                                                                                         \
     .example = "Plant = MfgSys",                                                                            \
     .type = CONFIG_PAIR_LISTS,                                                                              \
     QUERY_AT(owner, param),                                                                                 \
     .help = "`param.NAME`: a query parameter, sent as written, percent-encoded; `param.NAME.list` repeats " \
             "the name. `{today}`, `{today-7d}`, `{now-1h}` become dates in the probe's time zone."},        \
        {.name = "select",                                                                                   \
         .example = "OrderHed_OrderNum, OrderHed_OrderDate",                                                 \
         .type = CONFIG_TEXT_FILE,                                                                           \
         QUERY_AT(owner, select),                                                                            \
         .help = "OData `$select`: the columns wanted."},                                                    \
        {.name = "filter",                                                                                   \
         .example = "OrderHed_OrderDate ge {today-7d}",                                                      \
         .type = CONFIG_TEXT_FILE,                                                                           \
         QUERY_AT(owner, filter),                                                                            \
         .help = "OData `$filter`; may hold `{today-7d}` and the like."},                                    \
        {.name = "orderby",                                                                                  \
         .example = "OrderHed_OrderNum",                                                                     \
         .type = CONFIG_TEXT,                                                                                \
         QUERY_AT(owner, orderby),                                                                           \
         .help = "OData `$orderby`."},                                                                       \
        {.name = "expand",                                                                                   \
         .example = "Plants",                                                                                \
         .type = CONFIG_TEXT,                                                                                \
         QUERY_AT(owner, expand),                                                                            \
         .help = "OData `$expand`."},                                                                        \
        {.name = "top",                                                                                      \
         .example = "100",                                                                                   \
         .type = CONFIG_NUMBER,                                                                              \
         QUERY_AT(owner, top),                                                                               \
         .help = "OData `$top`: at most so many rows. Not with `rows = all`."},                              \
        {.name = "skip",                                                                                     \
         .example = "10",                                                                                    \
         .type = CONFIG_NUMBER,                                                                              \
         QUERY_AT(owner, skip),                                                                              \
         .help = "OData `$skip`: rows left out at the beginning. Not with `rows = all`."},                   \
        {.name = "rows",                                                                                     \
         .type = CONFIG_CHOICE,                                                                              \
         QUERY_AT(owner, rows),                                                                              \
         .preset = "page",                                                                                   \
         .choices = query_rows_names,                                                                        \
         .help = "`page`: the rows that one request returns (the server cuts at its own cap, 100 unless "    \
                 "changed). `count`: asks the server for the count of all (`$count=true`; v1 "               \
                 "`$inlinecount=allpages`); an answer without it is `invalid_response`. `all`: pages "       \
                 "through; the second page costs one request more, which tries whether the server heeds "    \
                 "`$skip`."},                                                                                \
        {.name = "page_size",                                                                                \
         .example = "500",                                                                                   \
         .type = CONFIG_NUMBER,                                                                              \
         QUERY_AT(owner, page_size),                                                                         \
         .help = "Rows asked for at once with `rows = all`; 100 unless set."},                               \
        {.name = "fetch_limit",                                                                              \
         .example = "10000",                                                                                 \
         .type = CONFIG_NUMBER,                                                                              \
         QUERY_AT(owner, fetch_limit),                                                                       \
         .help = "Rows after which `rows = all` stops, told by `epicor_probe_rows_truncated`; 5000 unless "  \
                 "set."},                                                                                    \
        BOUNDS_CONFIG_ROWS(offsetof(owner, query) + offsetof(struct query_settings, bounds)),                \
        VALUE_CONFIG_ROWS(owner, query.values)

/* What an answer is to be. */
enum query_shape {
    QUERY_TABLE,  /* an array `value` */
    QUERY_SET,    /* the same, or one record in OData's frame, which is one row */
    QUERY_RECORD, /* one record, whose members are the columns */
};

/* State of a run; the first member of the state of a kind. */
struct query_state {
    enum query_shape shape;
    struct json_plan plan;     /* its members: ours, then what the kind adds */
    struct json_path *members; /* owned; with values of one record, its columns come last */
    struct values *values;     /* NULL: there are none */
    char *path;                /* resource, encoded, without query; owned */
    uint64_t got, asked;       /* rows = all: rows so far, rows asked for by the last request */
    bool by_link;              /* the last request followed a link of the server's */
    bool take;                 /* the rows of the last page count */
    bool far;                  /* the last request tried whether the server heeds $skip */
    bool heeds_skip;           /* it does */
    bool ended, truncated;     /* with the last page */
    struct name_set *names;    /* of the first answer that had any row; NULL: none yet; owned */
};

/* Checks the settings of a probe. title as in struct config_kind's checks: "[probe orders]". */
void query_check(const struct probe_settings *probe, const struct query_settings *settings,
                 enum query_shape shape, struct fault_list *faults);
/* Checks the length of a target's URL; path is the resource (taken over). */
void query_check_target(const struct target_settings *target, const struct query_settings *settings,
                        char *path, struct fault_list *faults);
/* A name that becomes one segment of a path: a fault if it has a slash, or a control character, or is only dots. */
void segment_check(const struct probe_settings *probe, const char *key, const char *value,
                   struct fault_list *faults);

/* Begins: path is taken over. extra: members that the kind captures too; they live as long as the run. */
void query_begin(struct query_state *state, struct probe_run *run, const struct query_settings *settings,
                 char *path, enum query_shape shape, const struct json_path *extra, size_t extra_count,
                 struct request *request);
/* Reads a good answer. PROBE_DONE: *result is filled, the bounds of rows are judged. */
enum probe_next query_step(struct query_state *state, struct probe_run *run,
                           const struct query_settings *settings, const struct answer *answer,
                           struct request *request, struct probe_result *result);
/* The values of the kind's extra members. */
const struct json_value *query_extra(const struct answer *answer);
void query_end(struct query_state *state);

#endif
