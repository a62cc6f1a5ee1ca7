#include "command/hash_password.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bcrypt.h"
#include "base/secret.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* A line, and room to tell that there is more than may be. */
struct line {
    char text[BCRYPT_PASSWORD_MAX + 3]; /* CR, LF */
    size_t size;
};

/* ---- the terminal ---- */

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught = number;
}

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

struct silence {
    struct termios before;
    sigset_t mask; /* as it was; the signals come while we wait for a key, and only then */
    struct sigaction actions[COUNT_OF(ending)];
};

static void silence_end(const struct silence *silence, int terminal)
{
    tcsetattr(terminal, TCSAFLUSH, &silence->before);
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        sigaction(ending[i], &silence->actions[i], NULL);
    if (caught != 0)
        raise(caught);
    pthread_sigmask(SIG_SETMASK, &silence->mask, NULL);
}

/* No echo from here on; a signal interrupts the reading, and does nothing else. False: nothing was done. */
static bool silence_begin(struct silence *silence, int terminal)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct termios quiet;
    sigset_t blocked;

    if (tcgetattr(terminal, &silence->before) != 0)
        return false;
    caught = 0;
    sigemptyset(&blocked);
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        sigaddset(&blocked, ending[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, &silence->mask);
    for (size_t i = 0; i < COUNT_OF(ending); i++)
        sigaction(ending[i], &action, &silence->actions[i]);
    quiet = silence->before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ISIG | ECHONL;
    bool quietened = tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
    if (!quietened)
        silence_end(silence, terminal);
    return quietened;
}

/* ---- reading ---- */

/* One line, byte by byte: at a terminal the next one is another. mask: the signals that are blocked while it waits. Returns NULL, or a
   static sentence. */
static const char *line_read(int descriptor, const sigset_t *mask, struct line *line)
{
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    bool ended = false;

    line->size = 0;
    while (!ended && line->size < sizeof line->text) {
        ssize_t got = ppoll(&ready, 1, NULL, mask) < 0 ? -1 : read(descriptor, line->text + line->size, 1);
        if (got < 0 && caught != 0)
            return "interrupted";
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return "the password cannot be read";
        ended = got == 0 || line->text[line->size] == '\n';
        line->size += ended ? 0 : 1;
    }
    if (ended && line->size > 0 && line->text[line->size - 1] == '\r')
        line->size--;
    return NULL;
}

/* The one line that there is, up to the end of the descriptor. Returns NULL, or a static sentence. */
static const char *only_line_read(int descriptor, struct line *line)
{
    const char *fault = line_read(descriptor, NULL, line);
    char more;
    ssize_t got;

    if (fault != NULL || line->size > BCRYPT_PASSWORD_MAX) /* of which line_fault tells */
        return fault;
    do
        got = read(descriptor, &more, sizeof more);
    while (got < 0 && errno == EINTR);
    secret_wipe(&more, sizeof more);
    return got > 0   ? "there is more than one line, and a password has only one"
           : got < 0 ? "the password cannot be read"
                     : NULL;
}

/* NULL, or a static sentence of why it can be no password. */
static const char *line_fault(const struct line *line)
{
    if (line->size == 0)
        return "the password is empty";
    if (line->size > BCRYPT_PASSWORD_MAX)
        return "the password has more than 72 bytes: bcrypt would not look at the rest; take a shorter one";
    if (memchr(line->text, '\0', line->size) != NULL)
        return "the password holds a NUL byte";
    return NULL;
}

static const char *ask_twice(int terminal, FILE *prompts, struct line *line)
{
    static const char *const questions[] = {"Password: ", "The same again: "};
    struct line lines[2];
    struct silence silence;
    const char *fault = NULL;

    if (!silence_begin(&silence, terminal))
        return "the terminal cannot be kept from showing what is typed";
    for (size_t i = 0; i < 2 && fault == NULL; i++) {
        fputs(questions[i], prompts);
        fflush(prompts);
        fault = line_read(terminal, &silence.mask, &lines[i]);
        if (fault == NULL)
            fault = line_fault(&lines[i]);
    }
    if (fault == NULL &&
        (lines[0].size != lines[1].size || memcmp(lines[0].text, lines[1].text, lines[0].size) != 0))
        fault = "the two are not the same";
    if (fault == NULL)
        *line = lines[0];
    secret_wipe(lines, sizeof lines);
    silence_end(&silence, terminal);
    return fault;
}

enum exit_status hash_password(int descriptor, int cost, FILE *prompts, FILE *out)
{
    struct line line = {.size = 0};
    char hash[BCRYPT_HASH_SIZE];
    const char *fault = isatty(descriptor) ? ask_twice(descriptor, prompts, &line)
                                           : only_line_read(descriptor, &line);

    if (fault == NULL)
        fault = line_fault(&line);
    if (fault == NULL) {
        line.text[line.size] = '\0';
        if (!bcrypt_make(line.text, cost, hash))
            fault = "the hash cannot be computed";
    }
    secret_wipe(&line, sizeof line);
    if (fault != NULL) {
        fprintf(prompts, "epicor_exporter: %s\n", fault);
        return STATUS_FAILED;
    }
    fprintf(out, "%s\n", hash);
    return STATUS_GOOD;
}
