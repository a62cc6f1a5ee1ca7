/* A wire between agent and server that can be cut: TCP connections are handed on as they are, until all are reset at once. */
#ifndef TESTS_CUTTER_H
#define TESTS_CUTTER_H

#include <stdint.h>

struct cutter;

/* Listens on a free port of 127.0.0.1 and hands on to that port. */
struct cutter *cutter_start(uint16_t to);
uint16_t cutter_port(const struct cutter *cutter);
/* Resets every connection that is open now; new ones are let through. Done when this returns. */
void cutter_cut(struct cutter *cutter);
void cutter_stop(struct cutter *cutter);

#endif
