/* The way of an answer to the network: from memory, or made while it is sent, gzipped or not. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHUNK ((size_t)64 * 1024)

/* Where an answer that is made while it is sent has got to. */
struct stream {
    struct sim_call *call;
    struct sim_text *out; /* call->body, or `packed` */
    size_t at;            /* in it; it is filled again when it is used up */
    bool first, over, paused;
    bool gzip;
    z_stream deflater;
    struct sim_text packed;
};

/* Makes the next part of call->body; stream->over with the last one. */
static void body_fill(struct stream *stream)
{
    struct sim_call *call = stream->call;
    call->body.size = 0;
    while (call->body.size < CHUNK) {
        if (!stream->first)
            sim_text_add(&call->body, ",", 1);
        if (!sim_rows_next(call->rows, &call->body)) {
            if (!stream->first)
                call->body.size--;
            sim_text_add_string(&call->body, call->tail);
            stream->over = true;
            return;
        }
        stream->first = false;
    }
}

static void body_pack(struct stream *stream)
{
    unsigned char buffer[16384];
    z_stream *deflater = &stream->deflater;
    stream->packed.size = 0;
    deflater->next_in = (unsigned char *)stream->call->body.data;
    deflater->avail_in = (unsigned)stream->call->body.size;
    do {
        deflater->next_out = buffer;
        deflater->avail_out = sizeof buffer;
        if (deflate(deflater, stream->over ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR)
            sim_die("zlib failed");
        sim_text_add(&stream->packed, buffer, sizeof buffer - deflater->avail_out);
    } while (deflater->avail_out == 0);
}

/* Something to send, unless the answer is at its end. */
static void stream_fill(struct stream *stream)
{
    while (stream->at == stream->out->size && !stream->over) {
        stream->at = 0;
        body_fill(stream);
        if (stream->gzip)
            body_pack(stream);
    }
}

static ssize_t stream_read(void *context, uint64_t position, char *buffer, size_t size)
{
    struct stream *stream = context;
    struct sim_call *call = stream->call;
    if (position && call->body_delay_ms && !stream->paused) {
        stream->paused = true;
        if (!sim_call_sleep(call, call->body_delay_ms))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    stream_fill(stream);
    size_t left = stream->out->size - stream->at;
    if (!left)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!position && call->body_delay_ms && left > 1)
        left /= 2; /* the pause comes amid the body */
    size_t take = left < size ? left : size;
    memcpy(buffer, stream->out->data + stream->at, take);
    stream->at += take;
    if (stream->at == stream->out->size && stream->over)
        sim_call_end(call);
    return (ssize_t)take;
}

static void stream_free(void *context)
{
    struct stream *stream = context;
    /* A client that has gone before the pause does not shorten it: the call keeps its seat to its own end. */
    if (!stream->call->ended && !stream->paused)
        sim_call_sleep(stream->call, stream->call->body_delay_ms);
    if (stream->gzip)
        deflateEnd(&stream->deflater);
    sim_text_free(&stream->packed);
    sim_call_drop(stream->call);
    free(stream);
}

/* Makes all rows once only to know their length: no memory, twice the time. */
static uint64_t rows_length(struct sim_call *call)
{
    struct sim_text row = {0};
    uint64_t size = call->body.size + strlen(call->tail), rows = 0;
    while (sim_rows_next(call->rows, &row)) {
        size += row.size;
        row.size = 0;
        rows++;
    }
    sim_rows_rewind(call->rows);
    sim_text_free(&row);
    return size + (rows ? rows - 1 : 0);
}

static bool gzip_wanted(struct sim_call *call)
{
    const char *accepted = sim_call_header(call, "Accept-Encoding");
    return call->behaviour.gzip && accepted && strstr(accepted, "gzip") && call->body.size;
}

static struct MHD_Response *stream_make(struct sim_call *call)
{
    struct stream *stream = sim_allocate(sizeof *stream);
    uint64_t size = MHD_SIZE_UNKNOWN;
    *stream = (struct stream){.call = call, .first = true, .over = !call->rows, .out = &call->body};
    call->references++;
    if (gzip_wanted(call)) {
        stream->gzip = true;
        stream->out = &stream->packed;
        if (deflateInit2(&stream->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            sim_die("no zlib");
        body_pack(stream);
        sim_call_add_header(call, "Content-Encoding", "gzip");
    } else if (!call->rows) {
        size = call->body.size;
    } else if (call->behaviour.content_length) {
        size = rows_length(call);
    }
    return MHD_create_response_from_callback(size, CHUNK, stream_read, stream, stream_free);
}

static struct MHD_Response *response_make(struct sim_call *call)
{
    if (call->rows || call->body_delay_ms || gzip_wanted(call))
        return stream_make(call);
    /* Nothing is left to do but sending: this is the end of the call. */
    sim_call_end(call);
    return MHD_create_response_from_buffer(call->body.size, call->body.data ? call->body.data : "",
                                           MHD_RESPMEM_MUST_COPY);
}

enum MHD_Result sim_answer_queue(struct sim_call *call)
{
    char date[40];
    struct MHD_Response *response = response_make(call);
    if (!response)
        sim_die("no memory");
    sim_http_date(sim_server_time(call), date);
    MHD_add_response_header(response, "Date", date);
    if (call->content_type)
        MHD_add_response_header(response, "Content-Type", call->content_type);
    for (size_t i = 0; i < call->headers_count; i++)
        MHD_add_response_header(response, call->headers[i].name, call->headers[i].value);
    enum MHD_Result queued = MHD_queue_response(call->connection, (unsigned)call->status, response);
    MHD_destroy_response(response);
    return queued;
}
