#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define READ_NS SECOND_NS /* how long a FIFO's writer may take; others wait meanwhile */

struct secret {
    atomic_uint references;
    size_t size;
    char bytes[]; /* and a NUL */
};

void secret_wipe(void *bytes, size_t size)
{
    if (size > 0)
        explicit_bzero(bytes, size);
}

struct secret *secret_new(const char *bytes, size_t size)
{
    assert(size < SIZE_MAX - sizeof(struct secret));
    struct secret *secret = memory_new(1, sizeof *secret + size + 1);

    atomic_init(&secret->references, 1);
    secret->size = size;
    if (size > 0)
        memcpy(secret->bytes, bytes, size);
    return secret;
}

struct secret *secret_ref(struct secret *secret)
{
    if (secret != NULL)
        atomic_fetch_add_explicit(&secret->references, 1, memory_order_relaxed);
    return secret;
}

void secret_unref(struct secret *secret)
{
    if (secret == NULL)
        return;
    unsigned before = atomic_fetch_sub_explicit(&secret->references, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before > 1)
        return;
    secret_wipe(secret->bytes, secret->size);
    free(secret);
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->bytes;
}

size_t secret_size(const struct secret *secret)
{
    return secret->size;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->size != b->size)
        return false;
    /* Takes as long wherever they differ. */
    unsigned char difference = 0;
    for (size_t i = 0; i < a->size; i++)
        difference = (unsigned char)(difference | (a->bytes[i] ^ b->bytes[i]));
    return difference == 0;
}

/* ---- reading
 * ----------------------------------------------------------------------------------------------------- */

/* The bytes as a secret without the line end behind them. what names the source in *why. */
static struct secret *accept(const char *what, const char *bytes, size_t size, char **why)
{
    while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
        size--;
    if (size == 0)
        *why = memory_format("%s is empty", what);
    else if (size > SECRET_MAX)
        *why = memory_format("%s holds more than %d bytes", what, SECRET_MAX);
    else if (memchr(bytes, '\0', size) != NULL)
        *why = memory_format("%s holds a NUL byte", what);
    else
        return secret_new(bytes, size);
    return NULL;
}

/* Reads up to capacity bytes until the end. Returns their count, or -1 and errno. */
static ssize_t read_to_end(int descriptor, char *bytes, size_t capacity)
{
    int64_t deadline_ns = clock_now().boot_ns + READ_NS;
    size_t size = 0;

    while (size < capacity) {
        /* A FIFO reads as ended before its first writer comes, and so is waited for. */
        int64_t left_ns = deadline_ns - clock_now().boot_ns;
        struct pollfd ready = {.fd = descriptor, .events = POLLIN};
        int events = left_ns <= 0 ? 0 : poll(&ready, 1, (int)(left_ns / MILLISECOND_NS) + 1);
        if (events == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        ssize_t got = events < 0 ? -1 : read(descriptor, bytes + size, capacity - size);
        if (got == 0)
            break;
        if (got > 0)
            size += (size_t)got;
        else if (errno != EINTR && errno != EAGAIN)
            return -1;
    }
    return (ssize_t)size;
}

static struct secret *read_open_file(int descriptor, const char *what, char **why)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0) {
        *why = memory_format("%s cannot be read: %m", what);
        return NULL;
    }
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
        *why = memory_format("%s is neither a regular file nor a FIFO", what);
        return NULL;
    }
    size_t capacity = SECRET_MAX + 64; /* room for line ends and for telling that it is too long */
    char *bytes = memory_new(capacity, 1);
    struct secret *secret = NULL;
    ssize_t size = read_to_end(descriptor, bytes, capacity);
    if (size < 0)
        *why = memory_format("%s cannot be read: %m", what);
    else if ((size_t)size == capacity)
        *why = memory_format("%s holds more than %d bytes", what, SECRET_MAX);
    else
        secret = accept(what, bytes, (size_t)size, why);
    secret_wipe(bytes, capacity);
    free(bytes);
    return secret;
}

static struct secret *read_path(const char *path, const char *what, char **why)
{
    /* O_NONBLOCK: to open a FIFO must not wait for its writer without end. A symbolic link is how Kubernetes
       swaps a secret, and is followed. */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) {
        *why = memory_format("%s cannot be opened: %m", what);
        return NULL;
    }
    struct secret *secret = read_open_file(descriptor, what, why);
    close(descriptor);
    return secret;
}

static struct secret *read_file(const char *path, char **why)
{
    char *what = memory_format("the file %s", path);
    struct secret *secret = read_path(path, what, why);

    free(what);
    return secret;
}

static struct secret *read_variable(const char *name, char **why)
{
    const char *value = getenv(name);
    if (value == NULL) {
        *why = memory_format("the environment variable %s is not set", name);
        return NULL;
    }
    char *what = memory_format("the environment variable %s", name);
    struct secret *secret = accept(what, value, strlen(value), why);
    free(what);
    return secret;
}

/* https://systemd.io/CREDENTIALS/ */
static struct secret *read_credential(const char *name, char **why)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        *why = memory_format("\"%s\" is not the name of a credential", name);
        return NULL;
    }
    if (folder == NULL || folder[0] != '/') {
        *why = memory_format("the credential %s cannot be read: CREDENTIALS_DIRECTORY names no folder", name);
        return NULL;
    }
    char *what = memory_format("the credential %s", name);
    char *path = memory_format("%s/%s", folder, name);
    struct secret *secret = read_path(path, what, why);
    free(path);
    free(what);
    return secret;
}

struct secret *secret_read(const struct secret_source *source, char **why)
{
    *why = NULL;
    switch (source->form) {
    case SECRET_NONE:
        return NULL;
    case SECRET_INLINE:
        if (source->inlined != NULL && source->inlined->size > 0)
            return accept("the value", source->inlined->bytes, source->inlined->size, why);
        *why = memory_copy_text("the value is empty");
        return NULL;
    case SECRET_FILE:
        return read_file(source->name, why);
    case SECRET_ENV:
        return read_variable(source->name, why);
    case SECRET_CREDENTIAL:
        return read_credential(source->name, why);
    }
    abort(); /* a form that does not exist: a bug of ours */
}

void secret_source_free(struct secret_source *source)
{
    free(source->name);
    secret_unref(source->inlined);
    *source = (struct secret_source){.form = SECRET_NONE};
}
