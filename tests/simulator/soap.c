/* SOAP endpoints beside REST: an envelope in, an envelope or a fault out. The facts name only that there are some; paths and
   operations are a guess: Erp/BO/Part.svc has the methods of Erp.BO.PartSvc. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

#define SOAP11 "http://schemas.xmlsoap.org/soap/envelope/"
#define SOAP12 "http://www.w3.org/2003/05/soap-envelope"

static void fault_answer(struct sim_call *call, const char *message)
{
    sim_error_as(call, 500, SIMULATOR_BODY_SOAP_FAULT, NULL, message);
}

/* The local name of the first element in Body; allocated, NULL: there is none. */
static char *operation_read(const char *envelope)
{
    const char *body = strstr(envelope, "Body");
    body = body ? strchr(body, '>') : NULL;
    body = body ? strchr(body, '<') : NULL;
    if (!body || body[1] == '/' || !strstr(envelope, "Envelope"))
        return NULL;
    size_t size = strcspn(body + 1, " />\t\r\n");
    const char *colon = memchr(body + 1, ':', size), *name = colon ? colon + 1 : body + 1;
    return sim_duplicate_n(name, size - (size_t)(name - body - 1));
}

static void operation_answer(struct sim_call *call, const char *service, const char *operation, bool soap12)
{
    struct sim_text name = {0};
    sim_text_printf(&name, "%s/%s", service, operation);
    bool known = false;
    pthread_mutex_lock(&call->simulator->lock);
    for (const struct sim_method *method = call->simulator->methods; method; method = method->next)
        known |= strcasecmp(method->name, name.data) == 0;
    pthread_mutex_unlock(&call->simulator->lock);
    sim_text_free(&name);
    if (!known) {
        fault_answer(call, "The message cannot be processed: the action is not known.");
        return;
    }
    call->status = 200;
    call->content_type = soap12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8";
    sim_text_printf(
        &call->body,
        "<s:Envelope xmlns:s=\"%s\"><s:Body><%sResponse xmlns=\"http://epicor.com/webservices/\"><%sResult/>"
        "</%sResponse></s:Body></s:Envelope>",
        soap12 ? SOAP12 : SOAP11, operation, operation, operation);
}

void sim_soap_answer(struct sim_call *call, const char *service)
{
    const char *type = sim_call_header(call, "Content-Type"),
               *body = call->upload.data ? call->upload.data : "";
    bool soap12 = type && strncasecmp(type, "application/soap+xml", 20) == 0;
    if (!type || (!soap12 && strncasecmp(type, "text/xml", 8) != 0)) {
        sim_error_as(call, 415, SIMULATOR_BODY_IIS_HTML, NULL, NULL);
        return;
    }
    char *operation = operation_read(body);
    if (!operation || !strstr(body, soap12 ? SOAP12 : SOAP11))
        fault_answer(call, "The message is no SOAP envelope.");
    else
        operation_answer(call, service, operation, soap12);
    free(operation);
}
