/* What is on the board for the tests of the status page, and the page of it. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stddef.h>

#include "report/board.h"
#include "web/page.h"

extern const struct moment now; /* 2026-01-01 00:00:00 UTC */

/* Messages shown, the schedule turning, no query; tests change it and put it back. */
extern const struct page_setting setting_usual;

struct board_appserver server_named(const char *name); /* up, with a token and a certificate */

/* A good target with runs, the last 12 s ago; company EPIC06. */
struct board_target target_named(const char *server, const char *probe);
/* As it, its last seven runs failed so. */
struct board_target target_failed(const char *server, const char *probe, enum reason reason, int status,
                                  const char *message);
/* It has not run yet. */
struct board_target target_waiting(const char *server, const char *probe);

/* A fleet with every state: four app servers, nine targets. Texts are constants. */
enum { FLEET_SERVERS = 4, FLEET_TARGETS = 9 };
struct fleet {
    struct board_appserver servers[FLEET_SERVERS];
    struct board_target targets[FLEET_TARGETS];
};
struct fleet fleet_faulted(void);

/* The page of these; the caller frees. */
char *page_of(const struct page_setting *setting, const struct board_appserver *servers, size_t server_count,
              const struct board_target *targets, size_t target_count);
char *page_of_fleet(const struct page_setting *setting, const struct fleet *fleet);

/* A person looks at it in a browser: EPICOR_PAGE_FOLDER names where it is written, as NAME.html. */
void page_keep(const char *name, const char *page);

void assert_has(const char *page, const char *text);
void assert_lacks(const char *page, const char *text);
/* How often the text is there. */
size_t count_of(const char *page, const char *text);

#endif
