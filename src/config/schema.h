/* The schema: each configuration key is one row, and every use walks the rows: parsing, defaults, check, the
   nearest-name hint, the sample configuration, the reference. config knows the rows of [exporter], [web],
   [appserver] and what all probes share; the keys of a kind come from its own row (struct config_kind). */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault_list;
struct model;
struct probe_settings;
struct target_settings;
struct web_settings;

enum config_type {
    CONFIG_TEXT,         /* char *                                                                    */
    CONFIG_LIST,         /* struct text_list                                                          */
    CONFIG_INTEGER,      /* int64_t; bounds minimum..maximum                                          */
    CONFIG_NUMBER,       /* struct optional_number                                                    */
    CONFIG_BOOL,         /* bool                                                                      */
    CONFIG_DURATION,     /* int64_t, nanoseconds; bounds minimum..maximum                             */
    CONFIG_RANGE,        /* struct duration_range: 1s..5m                                             */
    CONFIG_SIZE,         /* uint64_t, bytes; bounds minimum..maximum                                  */
    CONFIG_CHOICE,       /* int: index into choices                                                   */
    CONFIG_SECRET,       /* struct secret_source; the row stands for X, X_file, X_env, X_credential   */
    CONFIG_TEXT_FILE,    /* char *; the row stands for X and X_file (read at load)                    */
    CONFIG_PAIRS,        /* struct pair_list; the row stands for X.NAME                               */
    CONFIG_PAIR_LISTS,   /* the same, and X.NAME.list, whose comma list makes several pairs of NAME  */
    CONFIG_SECRET_PAIRS, /* struct secret_pair_list; X.NAME, X.NAME_file, X.NAME_env, X.NAME_credential */
    CONFIG_ZONE,         /* struct zone *                                                             */
    CONFIG_PATH,         /* char *; a relative one is taken from the configuration file's folder      */
    CONFIG_KIND,         /* const struct config_kind *, by the schema's kinds                         */
    CONFIG_LICENSE,      /* struct license_choice, by the schema's license_guid                       */
    CONFIG_OTHER         /* by convert                                                                */
};

struct config_row {
    const char *name; /* "token_renew_at" */
    enum config_type type;
    bool required;
    bool known_to_many;  /* CONFIG_SECRET: no warning where others can read it: a user name */
    bool hidden;         /* people do not see its value; nor that of CONFIG_SECRET and CONFIG_SECRET_PAIRS */
    bool hides_query;    /* nor what stands behind its first ?; of a URL with :// that holds anyway */
    size_t offset;       /* into the settings struct of the section (or of the kind) */
    const char *preset;  /* the default, in the form a user would write; NULL: none */
    const char *help;    /* one sentence or two, Markdown, for the reference */
    const char *form;    /* CONFIG_OTHER: how a value is written, for the reference: "`v2` or `v1`" */
    const char *example; /* a value for the sample configuration, where preset is NULL; see config/form.h */
    const char *const *choices; /* CONFIG_CHOICE: names, NULL-terminated */
    int64_t minimum, maximum;   /* both 0: only the type's own bounds */
    /* CONFIG_OTHER: reads value into field; returns NULL, or an owned sentence of what is wrong. */
    char *(*convert)(const char *value, void *field);
    void (*release)(void *field); /* CONFIG_OTHER: frees what convert made; NULL: nothing to free */
};

/* What a probe kind gives to the configuration. */
struct config_kind {
    const char *name;              /* "baq" */
    const char *help;              /* what it does, what rights it needs, what it costs; for the reference */
    const struct config_row *rows; /* its own keys; offsets into its settings struct */
    size_t row_count;
    size_t settings_size; /* of that struct; zeroed, then filled by rows */
    bool per_company;     /* false: runs once an app server, company label empty */
    /* The same where it depends on the probe's own keys, in place of per_company; probe_per_company() asks it. */
    bool (*runs_per_company)(const struct probe_settings *probe);
    /* What it finds becomes series of the app server (or of its company), without the probe's name: two such probes of one
       kind for the same are a fault. */
    bool server_series;
    bool fresh; /* connection = fresh unless told otherwise */
    /* Makes what the settings struct holds beside its rows' fields out of them, once, when they have been read (also where
       some had faults), and frees it. May be NULL. */
    void (*prepare)(const struct probe_settings *probe, void *own, struct fault_list *faults);
    void (*release)(void *own);
    /* Checks of one probe across its keys, and of one target (what the app server must have for this probe: its API
       version); the second is called once a target. Both append to faults (fault_add), and both are called beside other
       faults too: what those left out of the settings is NULL or zero. Equal faults are told once. May be NULL. */
    void (*check)(const struct probe_settings *probe, struct fault_list *faults);
    void (*check_target)(const struct target_settings *target, struct fault_list *faults);
};

struct config_schema {
    const struct config_kind *const *kinds; /* NULL-terminated */
    /* The GUID of a license type and, in *name, its canonical name, both static; by name or GUID, in any case
       of letters. NULL when it is not known; *name is then the nearest known name, or NULL. */
    const char *(*license_guid)(const char *name_or_guid, const char **name);
    /* Checks probes against each other. Probes that had faults are among them; own of each is NULL where its kind is not
       known. May be NULL. */
    void (*check_model)(const struct model *model, struct fault_list *faults);
    /* Looks at the files that [web], which has no fault of its own, names for TLS. May be NULL. */
    void (*check_web)(const struct web_settings *web, struct fault_list *faults);
    /* Does a run of the target, which has no fault, begin with a POST, so that it is never repeated? May be NULL. */
    bool (*posts)(const struct target_settings *target);
};

#endif
