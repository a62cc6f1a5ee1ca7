#include "report/board.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/model.h"
#include "report/board_write.h"
#include "report/fact.h"

/* A snapshot: immutable but for its references; its texts and seats stand behind it in the same memory. */
struct card {
    _Atomic uint32_t references;
    bool of_target; /* else of an app server */
};

struct target_card {
    struct card card;
    struct board_target target; /* with references of its history and failures */
    char texts[];
};

struct appserver_card {
    struct card card;
    struct board_appserver appserver;
    _Alignas(struct board_seats) char texts[];
};

struct board {
    pthread_mutex_t mutex;
    struct model *model; /* in force; a reference */
    size_t count;        /* cards: app servers, then targets */
    size_t appserver_count;
    struct card **cards;
    _Atomic int64_t beat_boot_ns;
    atomic_bool ready;
    _Atomic int64_t loaded_wall_ns;
    atomic_bool reload_failed;
};

struct view {
    struct board_view public; /* first, so that a pointer to it is one to the view */
    size_t count;
    struct card **cards;
    const struct board_appserver **appservers;
    const struct board_target **targets;
    struct board_appserver *present; /* app servers with what stands of their facts */
    struct board_seats *seats;       /* theirs */
};

static struct target_card *as_target(struct card *card)
{
    assert(card->of_target);
    return (struct target_card *)(void *)card;
}

static struct appserver_card *as_appserver(struct card *card)
{
    assert(!card->of_target);
    return (struct appserver_card *)(void *)card;
}

static struct card *card_ref(struct card *card)
{
    atomic_fetch_add_explicit(&card->references, 1, memory_order_relaxed);
    return card;
}

static void card_unref(struct card *card)
{
    if (card == NULL || atomic_fetch_sub_explicit(&card->references, 1, memory_order_acq_rel) != 1)
        return;
    if (card->of_target) {
        history_unref(as_target(card)->target.history);
        failures_unref(as_target(card)->target.failures);
    }
    free(card);
}

struct board *board_new(void)
{
    struct board *board = memory_new(1, sizeof *board);

    pthread_mutex_init(&board->mutex, NULL);
    board->cards = memory_new(0, sizeof(struct card *));
    return board;
}

static void free_cards(struct card **cards, size_t count)
{
    for (size_t i = 0; i < count; i++)
        card_unref(cards[i]);
    free(cards);
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    free_cards(board->cards, board->count);
    model_unref(board->model);
    pthread_mutex_destroy(&board->mutex);
    free(board);
}

static size_t text_room(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* Copies the text to *at and moves that behind it; NULL stays NULL. */
static char *place_text(char **at, const char *text)
{
    size_t size = text_room(text);
    char *copy = *at;

    if (text == NULL)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static struct card *card_of_target(const struct board_target *value)
{
    size_t room = text_room(value->appserver) + text_room(value->company) + text_room(value->probe) +
                  text_room(value->kind) + text_room(value->message) + text_room(value->drift);
    struct target_card *card = memory_new(1, sizeof *card + room);
    char *at = card->texts;

    atomic_init(&card->card.references, 1);
    card->card.of_target = true;
    card->target = *value;
    history_ref(value->history);
    failures_ref(value->failures);
    card->target.appserver = place_text(&at, value->appserver);
    card->target.company = place_text(&at, value->company);
    card->target.probe = place_text(&at, value->probe);
    card->target.kind = place_text(&at, value->kind);
    card->target.message = place_text(&at, value->message);
    card->target.drift = place_text(&at, value->drift);
    return &card->card;
}

static struct card *card_of_appserver(const struct board_appserver *value)
{
    size_t room = text_room(value->name) + text_room(value->url) + text_room(value->token_message) +
                  text_room(value->login_blocked_message) + text_room(value->version);
    size_t seats_size = value->seats_count * sizeof(struct board_seats);
    for (size_t i = 0; i < value->seats_count; i++)
        room += text_room(value->seats[i].company) + text_room(value->seats[i].license);
    struct appserver_card *card = memory_new(1, sizeof *card + seats_size + room);
    struct board_seats *seats = (struct board_seats *)(void *)card->texts;
    char *at = card->texts + seats_size;

    atomic_init(&card->card.references, 1);
    card->appserver = *value;
    card->appserver.name = place_text(&at, value->name);
    card->appserver.url = place_text(&at, value->url);
    card->appserver.token_message = place_text(&at, value->token_message);
    card->appserver.login_blocked_message = place_text(&at, value->login_blocked_message);
    card->appserver.version = place_text(&at, value->version);
    for (size_t i = 0; i < value->seats_count; i++) {
        seats[i] = value->seats[i];
        seats[i].company = place_text(&at, value->seats[i].company);
        seats[i].license = place_text(&at, value->seats[i].license);
    }
    card->appserver.seats = seats;
    return &card->card;
}

static void put(struct board *board, size_t index, struct card *card)
{
    pthread_mutex_lock(&board->mutex);
    struct card *old = board->cards[index];
    board->cards[index] = card;
    pthread_mutex_unlock(&board->mutex);
    card_unref(old);
}

void board_put_target(struct board *board, size_t index, const struct board_target *value)
{
    assert(index < board->count - board->appserver_count);
    put(board, board->appserver_count + index, card_of_target(value));
}

void board_put_appserver(struct board *board, size_t index, const struct board_appserver *value)
{
    assert(index < board->appserver_count);
    put(board, index, card_of_appserver(value));
}

void board_replace(struct board *board, struct model *model, const struct board_appserver *const *appservers,
                   size_t appserver_count, const struct board_target *const *targets, size_t target_count)
{
    size_t count = appserver_count + target_count;
    struct card **cards = memory_new(count, sizeof(struct card *));

    for (size_t i = 0; i < appserver_count; i++)
        cards[i] = card_of_appserver(appservers[i]);
    for (size_t i = 0; i < target_count; i++)
        cards[appserver_count + i] = card_of_target(targets[i]);
    pthread_mutex_lock(&board->mutex);
    struct card **old = board->cards;
    size_t old_count = board->count;
    struct model *old_model = board->model;
    board->model = model_ref(model);
    board->cards = cards;
    board->count = count;
    board->appserver_count = appserver_count;
    pthread_mutex_unlock(&board->mutex);
    free_cards(old, old_count);
    model_unref(old_model);
}

struct model *board_model(struct board *board)
{
    pthread_mutex_lock(&board->mutex);
    struct model *model = model_ref(board->model);
    pthread_mutex_unlock(&board->mutex);
    return model;
}

/* Copies of the app servers, without what has grown old. */
static void add_present(struct view *view, size_t count, int64_t now_boot_ns)
{
    size_t room = 0;

    for (size_t i = 0; i < count; i++)
        room += as_appserver(view->cards[i])->appserver.seats_count;
    view->present = memory_new(count, sizeof *view->present);
    view->seats = memory_new(room, sizeof *view->seats);
    struct board_seats *seats = view->seats;
    for (size_t i = 0; i < count; i++) {
        struct board_appserver *present = &view->present[i];
        *present = as_appserver(view->cards[i])->appserver;
        if (now_boot_ns >= present->version_until_boot_ns)
            present->version = NULL;
        if (now_boot_ns >= present->production_until_boot_ns)
            present->has_production = false;
        present->seats_count = facts_standing_seats(present, now_boot_ns, seats);
        present->seats = seats;
        seats += present->seats_count;
    }
}

struct board_view *board_view_take(struct board *board, struct moment now)
{
    struct view *view = memory_new(1, sizeof *view);
    size_t room = 0, appserver_count;

    pthread_mutex_lock(&board->mutex);
    while (board->count > room) {
        room = board->count;
        pthread_mutex_unlock(&board->mutex);
        view->cards = memory_grow(view->cards, room, sizeof(struct card *));
        pthread_mutex_lock(&board->mutex);
    }
    view->count = board->count;
    appserver_count = board->appserver_count;
    for (size_t i = 0; i < view->count; i++)
        view->cards[i] = card_ref(board->cards[i]);
    pthread_mutex_unlock(&board->mutex);

    view->appservers = memory_new(appserver_count, sizeof(struct board_appserver *));
    add_present(view, appserver_count, now.boot_ns);
    view->targets = memory_new(view->count - appserver_count, sizeof(struct board_target *));
    for (size_t i = 0; i < view->count; i++) {
        if (i < appserver_count)
            view->appservers[i] = &view->present[i];
        else
            view->targets[i - appserver_count] = &as_target(view->cards[i])->target;
    }
    view->public = (struct board_view){.now = now,
                                       .appservers = view->appservers,
                                       .appserver_count = appserver_count,
                                       .targets = view->targets,
                                       .target_count = view->count - appserver_count,
                                       .reload_failed = atomic_load(&board->reload_failed),
                                       .loaded_wall_ns = atomic_load(&board->loaded_wall_ns)};
    return &view->public;
}

void board_view_free(struct board_view *view)
{
    struct view *own = (struct view *)view;

    if (own == NULL)
        return;
    free_cards(own->cards, own->count);
    free(own->appservers);
    free(own->targets);
    free(own->present);
    free(own->seats);
    free(own);
}

void board_set_loaded(struct board *board, int64_t wall_ns)
{
    atomic_store(&board->loaded_wall_ns, wall_ns);
    atomic_store(&board->reload_failed, false);
}

void board_set_reload_failed(struct board *board)
{
    atomic_store(&board->reload_failed, true);
}

void board_beat(struct board *board, int64_t boot_ns)
{
    atomic_store_explicit(&board->beat_boot_ns, boot_ns, memory_order_relaxed);
}

int64_t board_heartbeat_boot_ns(struct board *board)
{
    return atomic_load_explicit(&board->beat_boot_ns, memory_order_relaxed);
}

void board_set_ready(struct board *board, bool ready)
{
    atomic_store(&board->ready, ready);
}

bool board_ready(struct board *board)
{
    return atomic_load(&board->ready);
}
