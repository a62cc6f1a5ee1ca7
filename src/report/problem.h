/* What is wrong at the moment, the worst first: one list for the status page and for /api/v1/status. A cause is told once:
   the targets that fail because their whole app server does, or because no login works, are named by that problem only, and
   targets of one app server that fail for one reason make one problem. What is in maintenance or outside its windows is no problem, but
   for certificates, which do not mend by themselves. */
#ifndef REPORT_PROBLEM_H
#define REPORT_PROBLEM_H

#include "report/board.h"

enum problem_kind {                  /* from the worst on */
                    PROBLEM_HUNG,    /* the agent does not turn */
                    PROBLEM_VERDICT, /* no request to the app server goes well */
                    PROBLEM_LOGIN,   /* no login is tried any more for a while */
                    PROBLEM_TOKEN,   /* no token is granted */
                    PROBLEM_CERTIFICATE_EXPIRED,
                    PROBLEM_TARGETS,    /* targets whose last run failed, of one reason */
                    PROBLEM_RELOAD,     /* the configuration that was read last is not in force */
                    PROBLEM_THROTTLED,  /* calls are delayed for want of a license seat */
                    PROBLEM_PRODUCTION, /* is, or is not, the production instance that it is expected to be */
                    PROBLEM_CERTIFICATE_EXPIRING, /* within two weeks */
                    PROBLEM_SLOW,                 /* targets above their latency_limit */
                    PROBLEM_DRIFT,                /* columns that came or went within the last day */
                    PROBLEM_KINDS
};

enum problem_severity { SEVERITY_CRITICAL, SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTICE, SEVERITIES };

struct problem_row {
    const char *name; /* hung verdict login token certificate_expired targets ... */
    enum problem_severity severity;
    const char *sentence, *remedy; /* NULL: those of the reason */
};

struct problem {
    enum problem_kind kind;
    size_t appserver;              /* index into the view; view->appserver_count: the exporter itself */
    enum reason reason;            /* NONE: the kind says it all */
    const char *sentence, *remedy; /* never NULL; static */
    const char *message;           /* the server's own words, for who may read them; NULL: none */
    int64_t since_wall_ns;         /* 0: unknown. Of a certificate: when it expires or did */
    const size_t *targets; /* whom it concerns, or whose failures it explains: indices into the view */
    size_t target_count;
};

struct problem_list {
    struct problem *items;
    size_t count;
    size_t *targets; /* behind the items' */
};

/* hung: the agent has not turned for too long. The texts live as long as the view. */
struct problem_list problems_of(const struct board_view *view, bool hung);
void problem_list_free(struct problem_list *list);

const struct problem_row *problem_row(enum problem_kind kind);
const char *problem_severity_name(enum problem_severity severity); /* critical error warning notice */

#endif
