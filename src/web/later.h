/* What a request waits for: an answer, or a verdict on its password, that somebody else is to give. The connection is
   suspended meanwhile, so that the web thread goes on with the others. It is shared by two, who each hold a reference: the
   server, which waits (and may lose its client before), and whoever completes it, from any thread, once. */
#ifndef WEB_LATER_H
#define WEB_LATER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buffer.h"

struct later;
struct later_post; /* where what is complete is announced; one a server */

/* The status of what is no answer but a verdict: the routes are asked the same again, with the text as web_request.verdict. */
#define LATER_VERDICT 0

/* Two references: one for the server (given to it in web_answer.later), one for who completes it, who must do so: where it
   cannot be done any more (web_worker's abandon), with 503. The post may be freed before. */
struct later *later_new(struct later_post *post);
struct later *later_ref(struct later *later); /* one more, for the server */
void later_unref(struct later *later);        /* NULL is allowed */

/* The answer is this, a text of ours, sent as text/plain; or LATER_VERDICT. It is copied. Gives back the reference. From any
   thread. */
void later_complete(struct later *later, int status, const char *text);
/* The same with bytes, which are taken over: the buffer is empty afterwards. held: what they count in already, and
   do until they are moved out or freed; it outlives both references. NULL: they count nowhere. */
void later_complete_bytes(struct later *later, int status, struct buffer *bytes, atomic_uint_fast64_t *held);

/* For the server: has it been completed? Then the status, and the text, which lives as long as the reference. */
bool later_take(const struct later *later, int *status, const char **text);
/* Moves the bytes out of one that is complete, into an empty buffer. */
void later_move_bytes(struct later *later, struct buffer *bytes);

/* NULL, and errno, when the system gives no descriptor. */
struct later_post *later_post_new(void);
/* What is completed afterwards is announced to nobody. NULL is nothing. */
void later_post_free(struct later_post *post);
/* Readable once something was completed since the last later_post_clear. */
int later_post_descriptor(const struct later_post *post);
void later_post_clear(struct later_post *post);

#endif
