/* From what a probe asks to what goes over the wire: base URL, the app server's way of authentication, API key, License,
   CallSettings, header.NAME, proxy. */
#ifndef AGENT_ORDER_H
#define AGENT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/credential.h"
#include "agent/transport.h"

/* Decorates an API call of the target. False, and *why an owned sentence and *reason, when a secret cannot
   stand in a request or a ticket cannot serve; order then holds nothing. timeout_ns is the caller's to set. */
bool order_call(struct order *order, const struct request *request, const struct target_settings *target,
                const struct credential *credential, enum reason *reason, char **why);

/* Fills the zeroed request and the order of a token request, for the credential itself or for a probe of the
   kind token, whose own request says fresh and is filled up; auth is token or oauth2. What belongs to the app server (API
   key, License, CallSettings, and outside of it header.NAME) does not go with it. The same failures. */
bool order_login(struct order *order, struct request *request, const struct credential *credential,
                 enum reason *reason, char **why);

#endif
