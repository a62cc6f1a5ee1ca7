/* Hostile clients from 127.0.0.1, many at once, and a good one from 127.0.0.2 that scrapes meanwhile.
     hostile_clients PORT PID AUTHORIZATION COUNT PHASE...
   COUNT connections in the phase slow, in the others as many as stand in the table, which open the next one when one has ended. One
   line a phase: what they did and were told, how long the good client's scrapes took, and the process's resident memory of its
   own, afterwards and at most meanwhile. Exit 1 when a scrape was not answered whole. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

enum { SCRAPES_MAX = 1000, REQUESTS_MAX = 16 };

#define SCRAPE_PAUSE_NS (50 * MILLISECOND_NS)
#define DRIP_NS         SECOND_NS
/* 20 KB a second. */
#define SIP_NS    (100 * MILLISECOND_NS)
#define SIP_BYTES 2000
/* So often the memory is looked at. */
#define SAMPLE_NS (20 * MILLISECOND_NS)
/* One who is neither answered nor closed so long tries anew. */
#define PATIENCE_NS (2 * SECOND_NS)

static in_port_t port;
static const char *authorization;

/* ---- requests ----------------------------------------------------------------------------------------------------- */

enum manner {
    MANNER_FAST,
    MANNER_DRIP, /* sends a byte a second */
    MANNER_SIP,  /* reads slowly */
};

struct phase {
    const char *name;
    int64_t length_ns;
    enum manner manner;
    size_t clients; /* 0: COUNT */
    void (*make)(
        struct buffer *requests); /* REQUESTS_MAX empty ones; taken in turn until the first that is empty */
};

#define END " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void repeat(struct buffer *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buffer_text(out, text);
}

static void make_nothing(struct buffer *requests)
{
    (void)requests;
}

static void make_slow(struct buffer *requests)
{
    buffer_text(requests,
                "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n");
}

static void make_headers(struct buffer *requests)
{
    buffer_text(&requests[0], "GET / HTTP/1.1\r\nHost: x\r\nA: ");
    repeat(&requests[0], "aaaaaaaaaaaaaaaa", 1 << 16);
    buffer_text(&requests[1], "GET / HTTP/1.1\r\nHost: x\r\n");
    repeat(&requests[1], "A: b\r\n", 50000);
    buffer_text(&requests[2], "GET / HTTP/1.1\r\nHost: x\r\nAccept: ");
    repeat(&requests[2], "text/plain;q=0.5,", 800);
    buffer_text(&requests[2], "\r\nConnection: close\r\n\r\n");
    buffer_text(&requests[3], "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    repeat(&requests[3], "Accept-Encoding: gzip;q=0.1\r\n", 300);
    buffer_text(&requests[3], "\r\n");
}

static void make_pipelined(struct buffer *requests)
{
    repeat(&requests[0], "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", 200);
    buffer_text(&requests[1], "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n");
    for (size_t i = 0; i < 5000; i++)
        buffer_append(&requests[1], "\x01\x02garbage\0\r\n\r\n", 13);
    repeat(&requests[2], "\r\n", 50000);
    buffer_text(&requests[3], "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    repeat(&requests[3], "FFFFFFFFFFFFFFFF\r\n", 5000);
    repeat(&requests[4], "\x16\x03\x01\x02", 10000);
}

static void make_methods(struct buffer *requests)
{
    static const char *const methods[] = {"POST",  "PUT",      "DELETE", "OPTIONS",
                                          "TRACE", "PROPFIND", "get",    "CONNECT"};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        buffer_text(&requests[i], methods[i]);
        buffer_text(&requests[i], i % 2 == 0 ? " /metrics" END : " /-/reload" END);
    }
}

static void make_paths(struct buffer *requests)
{
    static const char *const paths[] = {
        "//", "//metrics",        "/metrics/",        "/%2e%2e/metrics", "/../../etc/passwd",
        "/.", "/metrics%00",      "http://x/metrics", "/%6detrics",      "/dashboards/../../config",
        "*",  "/metrics?name[]=", "/rules/%2e%2e%2f"};
    size_t count = sizeof paths / sizeof paths[0];

    for (size_t i = 0; i < count; i++)
        buffer_format(&requests[i], "GET %s" END, paths[i]);
    buffer_append(&requests[count], "GET /metrics\0/x" END, sizeof "GET /metrics\0/x" END - 1);
    buffer_text(&requests[count + 1], "GET /");
    repeat(&requests[count + 1], "a/", 5000);
    buffer_text(&requests[count + 1], END);
    buffer_text(&requests[count + 2], "GET /metrics?");
    repeat(&requests[count + 2], "name[]=up&", 500000 / 10);
    buffer_text(&requests[count + 2], END);
}

static void make_passwords(struct buffer *requests)
{
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        char plain[64], encoded[128];
        snprintf(plain, sizeof plain, "%s:guess-%zu", i % 2 == 0 ? "watch" : "nobody", i);
        text_base64_encode(plain, strlen(plain), encoded);
        buffer_format(
            &requests[i],
            "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic %s\r\n\r\n",
            encoded);
    }
}

static void ask(struct buffer *request, const char *target)
{
    buffer_format(request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: %s\r\n\r\n",
                  target, authorization);
}

static void make_pages(struct buffer *requests)
{
    static const char *const targets[] = {"/",
                                          "/?q=orders",
                                          "/?q=a+b+c+d+e+f+g+h",
                                          "/api/v1/status",
                                          "/api/v1/status?q=live",
                                          "/?q=%3Cscript%3E"};

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        ask(&requests[i], targets[i]);
}

/* All the same page. */
static void make_readers(struct buffer *requests)
{
    ask(&requests[0], "/metrics");
}

/* Each one that nobody else asks for. */
static void make_greedy(struct buffer *requests)
{
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        char target[32];
        snprintf(target, sizeof target, "/metrics?n=%zu", i);
        ask(&requests[i], target);
    }
}

static const struct phase phases[] = {
    {"quiet", 2 * SECOND_NS, MANNER_FAST, 48, make_nothing},
    {"slow", 6 * SECOND_NS, MANNER_DRIP, 0, make_slow},
    {"headers", 5 * SECOND_NS / 4, MANNER_FAST, 48, make_headers},
    {"pipelined", 5 * SECOND_NS / 4, MANNER_FAST, 48, make_pipelined},
    {"methods", 5 * SECOND_NS / 4, MANNER_FAST, 48, make_methods},
    {"paths", 5 * SECOND_NS / 4, MANNER_FAST, 48, make_paths},
    {"passwords", 2 * SECOND_NS, MANNER_FAST, 48, make_passwords},
    {"pages", 2 * SECOND_NS, MANNER_FAST, 8, make_pages},
    {"readers", 3 * SECOND_NS, MANNER_SIP, 31, make_readers},
    {"greedy", 3 * SECOND_NS, MANNER_SIP, 31, make_greedy},
};

/* ---- hostile clients ---------------------------------------------------------------------------------------------- */

struct attacker {
    int descriptor; /* -1: none at the moment */
    size_t request; /* which */
    size_t sent;
    int64_t next_ns; /* slow: the next byte or sip; else the end of its patience */
    char begin[12];  /* of what it was told */
    size_t begun;
};

struct attack {
    const struct phase *phase;
    struct buffer requests[REQUESTS_MAX];
    size_t request_count, next_request;
    struct attacker *attackers;
    size_t count;
    int epoll;
    unsigned long opened, failed, told[6],
        closed; /* by the first digit of the status; closed without a word */
};

static int64_t step_ns(const struct attack *attack)
{
    static const int64_t steps[] = {
        [MANNER_FAST] = PATIENCE_NS, [MANNER_DRIP] = DRIP_NS, [MANNER_SIP] = SIP_NS};

    return steps[attack->phase->manner];
}

static int connect_from(const char *from, int flags)
{
    struct sockaddr_in us = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(from)};
    struct sockaddr_in it = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    /* Ports are free again at once. */
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    if (bind(descriptor, (struct sockaddr *)&us, sizeof us) == 0 &&
        (connect(descriptor, (struct sockaddr *)&it, sizeof it) == 0 || errno == EINPROGRESS))
        return descriptor;
    close(descriptor);
    return -1;
}

static void open_attacker(struct attack *attack, size_t index, int64_t now_ns)
{
    struct attacker *attacker = &attack->attackers[index];
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = index};
    int small = 4096;

    *attacker = (struct attacker){.descriptor = connect_from("127.0.0.1", SOCK_NONBLOCK),
                                  .request = attack->next_request++ % attack->request_count,
                                  .next_ns = now_ns + step_ns(attack)};
    if (attacker->descriptor < 0) {
        attack->failed++;
        return;
    }
    attack->opened++;
    if (attack->phase->manner != MANNER_DRIP)
        event.events |= EPOLLOUT;
    if (attack->phase->manner == MANNER_SIP) {
        event.events &= ~(uint32_t)EPOLLIN;
        setsockopt(attacker->descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    epoll_ctl(attack->epoll, EPOLL_CTL_ADD, attacker->descriptor, &event);
}

static void close_attacker(struct attack *attack, struct attacker *attacker)
{
    int digit = attacker->begun >= 10 ? attacker->begin[9] - '0' : 0;

    close(attacker->descriptor);
    attacker->descriptor = -1;
    if (digit >= 1 && digit <= 5)
        attack->told[digit]++;
    else
        attack->closed++;
}

/* At most so many bytes at once. False: the server has closed. */
static bool sip(struct attacker *attacker, size_t most, ssize_t *got)
{
    char part[65536];

    *got = recv(attacker->descriptor, part, most < sizeof part ? most : sizeof part, 0);
    if (*got <= 0)
        return *got < 0 && errno == EAGAIN;
    for (ssize_t i = 0; i < *got && attacker->begun < sizeof attacker->begin; i++)
        attacker->begin[attacker->begun++] = part[i];
    return true;
}

/* All that is there. False: the server has closed. */
static bool listen_to(struct attacker *attacker)
{
    ssize_t got = 1;

    while (got > 0)
        if (!sip(attacker, SIZE_MAX, &got))
            return false;
    return true;
}

static void speak(struct attack *attack, size_t index, size_t most)
{
    struct attacker *attacker = &attack->attackers[index];
    const struct buffer *request = &attack->requests[attacker->request];
    size_t left = request->size - attacker->sent;
    ssize_t sent = send(attacker->descriptor, request->data + attacker->sent, left < most ? left : most,
                        MSG_NOSIGNAL);

    if (sent > 0)
        attacker->sent += (size_t)sent;
    if (attack->phase->manner != MANNER_DRIP &&
        (attacker->sent == request->size || (sent < 0 && errno != EAGAIN))) {
        struct epoll_event event = {.events = attack->phase->manner == MANNER_SIP ? 0 : EPOLLIN | EPOLLRDHUP,
                                    .data.u64 = index};
        epoll_ctl(attack->epoll, EPOLL_CTL_MOD, attacker->descriptor, &event);
    }
}

/* The time of one has come. */
static void step(struct attack *attack, size_t index, int64_t now_ns)
{
    struct attacker *attacker = &attack->attackers[index];
    ssize_t got;

    if (attacker->descriptor < 0 || attack->phase->manner == MANNER_FAST) {
        if (attacker->descriptor >= 0)
            close_attacker(attack, attacker);
        open_attacker(attack, index, now_ns);
        return;
    }
    attacker->next_ns += step_ns(attack);
    if (attack->phase->manner == MANNER_DRIP)
        speak(attack, index, 1);
    else if (!sip(attacker, SIP_BYTES, &got))
        close_attacker(attack, attacker);
}

static void turn(struct attack *attack, int64_t now_ns)
{
    struct epoll_event events[256];
    int count = epoll_wait(attack->epoll, events, 256, 10);

    for (int i = 0; i < count; i++) {
        size_t index = events[i].data.u64;
        struct attacker *attacker = &attack->attackers[index];
        if ((events[i].events & EPOLLOUT) != 0)
            speak(attack, index, SIZE_MAX);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 && !listen_to(attacker)) {
            close_attacker(attack, attacker);
            if (attack->phase->manner == MANNER_FAST)
                open_attacker(attack, index, now_ns);
        }
    }
    for (size_t i = 0; i < attack->count; i++)
        if (now_ns >= attack->attackers[i].next_ns)
            step(attack, i, now_ns);
}

static void attack_begin(struct attack *attack, const struct phase *phase, size_t count)
{
    *attack = (struct attack){.phase = phase, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        buffer_init(&attack->requests[i], 4 << 20);
    phase->make(attack->requests);
    while (attack->request_count < REQUESTS_MAX && attack->requests[attack->request_count].size > 0)
        attack->request_count++;
    attack->count = attack->request_count == 0 ? 0 : phase->clients == 0 ? count : phase->clients;
    attack->attackers = memory_new(attack->count, sizeof *attack->attackers);
    for (size_t i = 0; i < attack->count; i++)
        /* Opened by the first turn; the slow ones in the course of a second. */
        attack->attackers[i] = (struct attacker){
            .descriptor = -1,
            .next_ns = phase->manner == MANNER_DRIP
                           ? clock_now().boot_ns + DRIP_NS * (int64_t)i / (int64_t)attack->count
                           : 0};
}

static void attack_end(struct attack *attack)
{
    for (size_t i = 0; i < attack->count; i++)
        if (attack->attackers[i].descriptor >= 0)
            close(attack->attackers[i].descriptor);
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        buffer_free(&attack->requests[i]);
    close(attack->epoll);
    free(attack->attackers);
}

/* ---- the good client ---------------------------------------------------------------------------------------------- */

struct good {
    atomic_bool ends;
    double times_ms[SCRAPES_MAX];
    size_t scrapes, broken;
};

static bool is_whole(const struct buffer *answer)
{
    const char *text = buffer_as_text(answer), *end = strstr(text, "\r\n\r\n"),
               *length = strstr(text, "\r\nContent-Length: ");

    return strncmp(text, "HTTP/1.1 200 ", 13) == 0 && end != NULL && length != NULL && length < end &&
           strtoull(length + strlen("\r\nContent-Length: "), NULL, 10) ==
               answer->size - (size_t)(end + 4 - text) &&
           strstr(end, "\nepicor_exporter_build_info{") != NULL && text[answer->size - 1] == '\n';
}

static void scrape(struct good *good)
{
    int64_t begin_ns = clock_now().boot_ns;
    char *request = memory_format(
        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: %s\r\n\r\n", authorization);
    int descriptor = connect_from("127.0.0.2", 0);
    struct timeval patience = {.tv_sec = 10};
    struct buffer answer;
    char part[65536];
    ssize_t got;

    buffer_init(&answer, 64 << 20);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)!send(descriptor, request, strlen(request), MSG_NOSIGNAL);
    while ((got = recv(descriptor, part, sizeof part, 0)) > 0)
        buffer_append(&answer, part, (size_t)got);
    close(descriptor);
    if (!is_whole(&answer)) {
        good->broken++;
        fprintf(stderr, "a scrape was not answered whole: %s, %zu bytes: %.200s\n",
                got < 0 ? strerror(errno) : "closed", answer.size, buffer_as_text(&answer));
    }
    good->times_ms[good->scrapes++] = (double)(clock_now().boot_ns - begin_ns) / 1e6;
    buffer_free(&answer);
    free(request);
}

static void *scrape_on(void *pointer)
{
    struct good *good = pointer;
    struct timespec pause = {.tv_nsec = SCRAPE_PAUSE_NS};

    while (!good->ends && good->scrapes < SCRAPES_MAX) {
        scrape(good);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static int compare_times(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static long resident_kb(const char *pid)
{
    char *path = memory_format("/proc/%s/status", pid), line[256];
    FILE *file = fopen(path, "r");
    long kb = -1;

    free(path);
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    if (file != NULL)
        fclose(file);
    return kb;
}

/* The share of the scrapes that took no longer, in milliseconds. */
static double quantile(const struct good *good, size_t percent)
{
    return good->scrapes == 0 ? 0 : good->times_ms[(good->scrapes - 1) * percent / 100];
}

static bool run_phase(const struct phase *phase, const char *pid, size_t count)
{
    struct attack attack;
    struct good good = {0};
    pthread_t thread;
    long most_kb = resident_kb(pid);

    attack_begin(&attack, phase, count);
    if (pthread_create(&thread, NULL, scrape_on, &good) != 0)
        return false;
    int64_t end_ns = clock_now().boot_ns + phase->length_ns, sample_ns = 0;
    for (int64_t now_ns; (now_ns = clock_now().boot_ns) < end_ns;) {
        turn(&attack, now_ns);
        if (now_ns < sample_ns)
            continue;
        long kb = resident_kb(pid);
        most_kb = kb > most_kb ? kb : most_kb;
        sample_ns = now_ns + SAMPLE_NS;
    }
    good.ends = true;
    pthread_join(thread, NULL);
    attack_end(&attack);
    qsort(good.times_ms, good.scrapes, sizeof good.times_ms[0], compare_times);
    printf("%-10s %8lu %8lu %7lu %7lu %7lu %7lu %8zu %8.1f %8.1f %8.1f %9ld %9ld\n", phase->name,
           attack.opened, attack.failed, attack.told[2], attack.told[4], attack.told[5], attack.closed,
           good.scrapes, quantile(&good, 50), quantile(&good, 99), quantile(&good, 100), resident_kb(pid),
           most_kb);
    fflush(stdout);
    return good.broken == 0 && good.scrapes > 0;
}

static bool run_named(const char *name, const char *pid, size_t count)
{
    for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
        if (strcmp(phases[i].name, name) == 0)
            return run_phase(&phases[i], pid, count);
    fprintf(stderr, "hostile_clients: no such phase: %s\n", name);
    return false;
}

int main(int argc, char **argv)
{
    int64_t number = 0, count = 0;
    struct rlimit limit;
    bool good = true;

    if (argc < 6 || !text_to_int64(span_of(argv[1]), &number) || number < 1 || number > UINT16_MAX ||
        !text_to_int64(span_of(argv[4]), &count) || count < 1) {
        fprintf(stderr, "usage: hostile_clients PORT PID AUTHORIZATION COUNT PHASE...\n");
        return 2;
    }
    port = htons((uint16_t)number);
    authorization = argv[3];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < (rlim_t)count + 100) {
        fprintf(stderr, "hostile_clients: %lld connections need as many files: ulimit -Hn\n",
                (long long)count);
        return 2;
    }
    for (int i = 5; i < argc; i++)
        good = run_named(argv[i], argv[2], (size_t)count) && good;
    return good ? 0 : 1;
}
