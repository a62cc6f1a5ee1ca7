/* The forms of values: one text of the file into one field of a settings struct, as its row says. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/model.h"
#include "config/schema.h"

/* What reading a value may need beside its text. */
struct value_context {
    const struct config_schema *schema;
    const char *folder; /* of the configuration file; relative file names begin there */
};

/* Reads text into field (zeroed, or holding a preset's plain number). Returns NULL, or an owned sentence of
   what is wrong; field is then unchanged. Not for CONFIG_SECRET, CONFIG_TEXT_FILE (their plain form excepted),
   CONFIG_PAIRS, CONFIG_PAIR_LISTS and CONFIG_SECRET_PAIRS, whose keys have more than one form: see below. */
char *value_read(const struct value_context *context, const struct config_row *row, const char *text,
                 void *field);

/* "100ms to 31d", owned: the bounds of the row as its values are written; NULL where it has none of its own. */
char *bounds_words(const struct config_row *row);

/* Frees what field of this row points to. */
void value_free(const struct config_row *row, void *field);

/* The forms of a key: X, X_file, X_env, X_credential, X.NAME, X.NAME.list. */
enum key_form { KEY_PLAIN, KEY_FILE, KEY_ENV, KEY_CREDENTIAL, KEY_PAIR, KEY_PAIR_LIST };

/* True when the row stands for the key; *form tells how, *name (for the pairs) is what stands between. */
bool row_takes_key(const struct config_row *row, const char *key, enum key_form *form, struct span *name);

/* An owned path: path itself when it is absolute, else within folder. */
char *path_within(const char *folder, const char *path);

/* Reads a text file whole (at most 16 MiB, UTF-8, no NUL), trailing line ends trimmed. NULL and *why, an owned
   sentence, when it cannot. */
char *text_file_read(const char *path, char **why);

/* The built kind of that name, or NULL. */
const struct config_kind *kind_find(const struct config_schema *schema, const char *name);

/* Owned sentences for the conversions of rows. Each is a config_row.convert. */
char *read_api_version(const char *text, void *field);   /* int */
char *read_optional_bool(const char *text, void *field); /* struct optional_bool: none, or a boolean */
char *read_url(const char *text, void *field);
char *read_external_url(const char *text, void *field);   /* char * */
char *read_token_url(const char *text, void *field);      /* char * */
char *read_token_path(const char *text, void *field);     /* char * */
char *read_telemetry_path(const char *text, void *field); /* char * */
char *read_renew_at(const char *text, void *field);       /* struct renew_at */
char *read_listen(const char *text, void *field);  /* struct web_settings, its listen and listen_count */
void free_text(void *field);                       /* char * */
void free_listen(void *field);                     /* struct web_settings */
char *read_windows(const char *text, void *field); /* struct windows */
void free_windows(void *field);                    /* struct windows */

#endif
