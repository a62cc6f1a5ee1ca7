/* From what a probe asks to what goes over the wire: base URL, token, API key, License, CallSettings. */
#ifndef AGENT_ORDER_H
#define AGENT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/credential.h"
#include "agent/transport.h"

/* Decorates an API call of the target. False, and *why a static sentence and *reason, when a secret cannot
   stand in a request; order then holds nothing. timeout_ns is the caller's to set. */
bool order_call(struct order *order, const struct request *request, const struct target_settings *target,
                const struct credential *credential, enum reason *reason, const char **why);

/* Fills the zeroed request and the order of a token request, for the credential itself or for a probe of the
   kind token, whose own request says max_response and fresh and is filled up. The same failures. */
bool order_login(struct order *order, struct request *request, const struct credential *credential,
                 enum reason *reason, const char **why);

#endif
