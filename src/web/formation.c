#include "web/formation.h"

#include <stdlib.h>

#include "base/memory.h"
#include "web/answer.h"
#include "web/room.h"

struct job {
    const struct former *former;
    const struct formation *formation;
    void *context;
    struct later *later;
};

static void end(struct job *job, int status, struct buffer *body)
{
    job->formation->release(job->context);
    later_complete_bytes(job->later, status, body, job->former->held);
    free(job);
}

static void work(void *context)
{
    struct job *job = context;
    atomic_uint_fast64_t *held = job->former->held;
    /* Half of what is free, so that what others are answered meanwhile finds room too. */
    size_t room = room_left(job->former->maximum, *held, 0) / 2;
    struct buffer body;

    *held += room;
    buffer_init(&body, room);
    int status = job->formation->form(job->context, &body);
    if (body.failed) {
        status = FORMATION_TOO_LARGE;
        buffer_free(&body);
        buffer_init(&body, room);
    }
    *held += body.size - room;
    end(job, status, &body);
}

static void abandon(void *context)
{
    struct buffer none;

    buffer_init(&none, 0);
    end(context, FORMATION_DROPPED, &none);
}

/* NULL: too many wait, and the context is the caller's. */
static struct later *start(const struct former *former, const struct formation *formation, void *context)
{
    struct job *job = memory_new(1, sizeof *job);
    struct later *later = later_new(former->post);

    *job = (struct job){.former = former, .formation = formation, .context = context, .later = later};
    if (web_worker_do(former->worker, work, abandon, job))
        return later;
    free(job);
    later_unref(later);
    later_unref(later);
    return NULL;
}

void formation_finish(const struct web_request *request, struct web_answer *answer, int status)
{
    if (status == FORMATION_TOO_LARGE || answer->body.failed)
        answer_too_large(request, answer);
    else if (status == FORMATION_DROPPED)
        answer_text(answer, 503, "The exporter ends.\n");
    else if (status == 200 || status == 404)
        answer->status = status;
    else
        answer_plain(answer, status);
}

void formation_answer(const struct web_request *request, struct web_answer *answer,
                      const struct formation *formation, void *context, bool takes_long)
{
    if (!takes_long || request->former == NULL) {
        int status = formation->form(context, &answer->body);
        formation->release(context);
        formation_finish(request, answer, status);
        return;
    }
    answer->later = start(request->former, formation, context);
    answer->formed = true;
    if (answer->later != NULL)
        return;
    formation->release(context);
    answer->retry = true;
    answer_text(answer, 503, "Too many pages are being formed at the moment. Ask again in a moment.\n");
}
