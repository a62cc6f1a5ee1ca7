/* hash-password, from a pipe and at a terminal. */
#include "main.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bcrypt.h"
#include "command/hash_password.h"

#define PATIENCE_MS 20000

struct asking {
    int descriptor;
    FILE *prompts, *out;
    char *said, *printed;
    size_t said_size, printed_size;
    enum exit_status status;
    pthread_t thread;
};

static void *ask(void *pointer)
{
    struct asking *asking = pointer;

    asking->status = hash_password(asking->descriptor, BCRYPT_COST_MIN, asking->prompts, asking->out);
    return NULL;
}

static void open_outputs(struct asking *asking)
{
    asking->prompts = open_memstream(&asking->said, &asking->said_size);
    asking->out = open_memstream(&asking->printed, &asking->printed_size);
}

static void close_outputs(struct asking *asking)
{
    fclose(asking->prompts);
    fclose(asking->out);
}

static void release(struct asking *asking)
{
    free(asking->said);
    free(asking->printed);
}

/* ---- a pipe ---- */

static struct asking ask_pipe(const char *bytes, size_t size)
{
    struct asking asking = {0};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), (ssize_t)size);
    close(ends[1]);
    asking.descriptor = ends[0];
    open_outputs(&asking);
    ask(&asking);
    close_outputs(&asking);
    close(ends[0]);
    return asking;
}

#define X8  "xxxxxxxx"
#define X72 X8 X8 X8 X8 X8 X8 X8 X8 X8

static void from_a_pipe(void **state)
{
#define BYTES(text) (text), sizeof(text) - 1
    static const struct {
        const char *bytes;
        size_t size;
        const char *password; /* NULL: refused, with these words */
        const char *words;
    } cases[] = {
        {BYTES("correct horse\n"), "correct horse", NULL},
        {BYTES("correct horse"), "correct horse", NULL},
        {BYTES("correct horse\r\n"), "correct horse", NULL},
        {BYTES("hunter2\nmore\n"), NULL, "more than one line"},
        {BYTES("hunter2\n\n"), NULL, "more than one line"},
        {BYTES("\nhunter2\n"), NULL, "more than one line"},
        {BYTES(" correct horse \n"), " correct horse ", NULL},
        {BYTES(X72 "\r\n"), X72, NULL},
        {BYTES(X72 "x\n"), NULL, "more than 72 bytes"},
        {BYTES(X72 "xx\r\n"), NULL, "more than 72 bytes"},
        {BYTES(X72 X72 X72), NULL, "more than 72 bytes"},
        {BYTES("hun\0ter2\n"), NULL, "NUL"},
        {BYTES("\n"), NULL, "empty"},
        {BYTES(""), NULL, "empty"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct asking asking = ask_pipe(cases[i].bytes, cases[i].size);
        if (cases[i].password != NULL) {
            assert_int_equal(asking.status, STATUS_GOOD);
            assert_string_equal(asking.said, "");
            assert_int_equal(asking.printed_size, BCRYPT_HASH_SIZE);
            assert_memory_equal(asking.printed, "$2y$04$", 7);
            asking.printed[BCRYPT_HASH_SIZE - 1] = '\0';
            /* 300 ms each: of the longest one only. */
            if (i == 0 || strlen(cases[i].password) == BCRYPT_PASSWORD_MAX)
                assert_true(bcrypt_matches(cases[i].password, asking.printed));
        } else {
            assert_int_equal(asking.status, STATUS_FAILED);
            assert_string_equal(asking.printed, "");
            if (strstr(asking.said, cases[i].words) == NULL || strstr(asking.said, "hun") != NULL)
                fail_msg("case %zu: %s", i, asking.said);
        }
        release(&asking);
    }
}

/* ---- a terminal ---- */

struct terminal {
    int master, slave;
    struct termios before;
};

static struct terminal terminal_open(void)
{
    struct terminal terminal = {.master = posix_openpt(O_RDWR | O_NOCTTY)};

    assert_true(terminal.master >= 0);
    assert_int_equal(grantpt(terminal.master), 0);
    assert_int_equal(unlockpt(terminal.master), 0);
    terminal.slave = open(ptsname(terminal.master), O_RDWR | O_NOCTTY);
    assert_true(terminal.slave >= 0);
    assert_int_equal(tcgetattr(terminal.slave, &terminal.before), 0);
    return terminal;
}

/* The terminal stands as it stood. */
static void terminal_close(struct terminal *terminal)
{
    struct termios after;

    assert_int_equal(tcgetattr(terminal->slave, &after), 0);
    assert_int_equal(after.c_lflag, terminal->before.c_lflag);
    close(terminal->slave);
    close(terminal->master);
}

static void await_silence(const struct terminal *terminal)
{
    struct termios now;

    for (int i = 0; i < PATIENCE_MS; i++) {
        assert_int_equal(tcgetattr(terminal->slave, &now), 0);
        if ((now.c_lflag & (tcflag_t)ECHO) == 0)
            return;
        poll(NULL, 0, 1);
    }
    fail_msg("it goes on to echo");
}

static void begin(struct asking *asking, const struct terminal *terminal)
{
    *asking = (struct asking){.descriptor = terminal->slave};
    open_outputs(asking);
    assert_int_equal(pthread_create(&asking->thread, NULL, ask, asking), 0);
    await_silence(terminal);
}

static void end(struct asking *asking)
{
    pthread_join(asking->thread, NULL);
    close_outputs(asking);
}

static void type(const struct terminal *terminal, const char *text)
{
    assert_int_equal(write(terminal->master, text, strlen(text)), (ssize_t)strlen(text));
}

static void at_a_terminal(void **state)
{
    static const struct {
        const char *typed;
        bool good;
        const char *words;
    } cases[] = {
        {"correct horse\ncorrect horse\n", true, "Password: The same again: "},
        {"correct horse\ncorrect house\n", false, "not the same"},
        {"\n", false, "empty"},
        {X72 "x\n", false, "72 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct terminal terminal = terminal_open();
        struct asking asking;
        char shown[256];

        begin(&asking, &terminal);
        type(&terminal, cases[i].typed);
        end(&asking);
        if (strstr(asking.said, cases[i].words) == NULL)
            fail_msg("case %zu: %s", i, asking.said);
        assert_int_equal(asking.status, cases[i].good ? STATUS_GOOD : STATUS_FAILED);
        assert_int_equal(asking.printed_size, cases[i].good ? BCRYPT_HASH_SIZE : 0);
        /* Nothing of it was shown. */
        ssize_t size = read(terminal.master, shown, sizeof shown - 1);
        assert_true(size > 0);
        shown[size] = '\0';
        assert_null(strstr(shown, "horse"));
        assert_null(strchr(shown, 'x'));
        release(&asking);
        terminal_close(&terminal);
    }
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted++;
}

static void an_interrupt_gives_the_terminal_back(void **state)
{
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    struct terminal terminal = terminal_open();
    struct asking asking;

    (void)state;
    sigaction(SIGINT, &action, &before);
    begin(&asking, &terminal);
    type(&terminal, "correct ho");
    /* The thread ends by it alone. */
    pthread_kill(asking.thread, SIGINT);
    end(&asking);
    assert_int_equal(asking.status, STATUS_FAILED);
    assert_int_equal(interrupted, 1);
    assert_string_equal(asking.printed, "");
    release(&asking);
    terminal_close(&terminal);
    sigaction(SIGINT, &before, NULL);
}

ALL_TESTS(cmocka_unit_test(from_a_pipe), cmocka_unit_test(at_a_terminal),
          cmocka_unit_test(an_interrupt_gives_the_terminal_back));
