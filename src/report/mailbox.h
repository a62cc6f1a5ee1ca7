/* What the web side asks the agent to do, and hears about when it is done: reloads. Asked from any thread, taken and answered
   by the agent thread. Who asks hands in a function and its context, so that this knows nothing of HTTP; each ask that was
   accepted is answered exactly once, also at the end. */
#ifndef REPORT_MAILBOX_H
#define REPORT_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

/* Asks that wait at once; more are refused, so that nobody can fill the memory with them. */
#define MAILBOX_MOST 100

enum reload_end {
    RELOAD_DONE,    /* the configuration that was read is in force */
    RELOAD_FAULTY,  /* it has faults: the one before stays in force */
    RELOAD_STOPPING /* the program is coming to its end */
};

/* text: RELOAD_FAULTY, the faults, a line each, without secrets; RELOAD_DONE, the keys of [web] that hold from the next start
   on only, with commas between, or NULL; else NULL. Called by any thread; it must not block. */
typedef void reload_told(void *context, enum reload_end end, const char *text);

struct mailbox;

/* NULL, and errno, when the system gives no descriptor. */
struct mailbox *mailbox_new(void);
/* Closes it. All that was taken has been answered. NULL is allowed. */
void mailbox_free(struct mailbox *mailbox);

enum mailbox_verdict { MAILBOX_ASKED, MAILBOX_FULL, MAILBOX_CLOSED };

/* Asks for a reload. MAILBOX_ASKED: told is called once, later. Else never. */
enum mailbox_verdict mailbox_ask(struct mailbox *mailbox, reload_told *told, void *context);

/* ---- the agent's side ---- */

/* Readable while something waits to be taken. */
int mailbox_descriptor(const struct mailbox *mailbox);

struct letter;
/* The oldest that waits; NULL: none does. It is then to be answered. */
struct letter *mailbox_take(struct mailbox *mailbox);
void letter_answer(struct letter *letter, enum reload_end end, const char *text);

/* Nothing is accepted any more; what waits to be taken is answered RELOAD_STOPPING now. A second time: nothing. */
void mailbox_close(struct mailbox *mailbox);

#endif
