/* Error bodies, facts §5.4: six forms, one message. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

/* Facts §5.4, "Status -> type"; the words are those of HttpStatus in XML. */
static const struct status_row {
    int status;
    const char *word, *phrase, *type, *message;
} statuses[] = {
    {400, "BadRequest", "Bad Request", "Ice.Common.BusinessObjectException", "The request is invalid."},
    {401, "Unauthorized", "Unauthorized", "System.UnauthorizedAccessException",
     "Invalid username or password."},
    {403, "Forbidden", "Forbidden", "System.UnauthorizedAccessException", "Access denied."},
    {404, "NotFound", "Not Found", "Epicor.RESTApi.ErrorHandling.ApiException", "Resource not found."},
    {405, "MethodNotAllowed", "Method Not Allowed", "Epicor.RESTApi.ErrorHandling.ApiException",
     "The requested resource does not support this HTTP method."},
    {409, "Conflict", "Conflict", "Ice.Common.DuplicateRecordException", "Duplicate record."},
    {410, "Gone", "Gone", "Ice.Common.InvalidSessionException", "The session is not valid."},
    {411, "LengthRequired", "Length Required", NULL, NULL},
    {413, "RequestEntityTooLarge", "Request Entity Too Large", NULL, NULL},
    {415, "UnsupportedMediaType", "Unsupported Media Type", NULL, NULL},
    {429, "429", "Too Many Requests", NULL, "Too many requests."},
    {500, "InternalServerError", "Internal Server Error", "System.Exception",
     "An error occurred, please contact your system administrator."},
    {502, "BadGateway", "Bad Gateway", NULL, NULL},
    {503, "ServiceUnavailable", "Service Unavailable", "Ice.Common.ConversionsPendingException",
     "Conversions are pending."},
    {504, "GatewayTimeout", "Gateway Timeout", NULL, NULL},
    {0, "Error", "Error", "System.Exception", "An error has occurred."},
};

static const struct status_row *status_find(int status)
{
    const struct status_row *row = statuses;
    while (row->status && row->status != status)
        row++;
    return row;
}

static void json_write(struct sim_text *body, int status, const char *type, const char *message,
                       const char *guid)
{
    sim_text_printf(body,
                    "{\"HttpStatus\":%d,\"ReasonPhrase\":\"REST API Exception\",\"ErrorMessage\":", status);
    sim_text_add_json(body, message);
    sim_text_add_string(body, ",\"ErrorType\":");
    sim_text_add_json(body, type);
    if (status == 400) {
        sim_text_add_string(body, ",\"ErrorDetails\":[{\"Message\":");
        sim_text_add_json(body, message);
        sim_text_add_string(body, ",\"Type\":\"Error\"}]");
    }
    sim_text_printf(body, ",\"CorrelationId\":\"%s\"}", guid);
}

/* The root's name is known, its namespace is not (facts §5.4, 2). */
static void xml_write(struct sim_text *body, const struct status_row *row, const char *type,
                      const char *message, const char *guid)
{
    sim_text_printf(
        body,
        "<ApiExceptionResponse xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">"
        "<HttpStatus>%s</HttpStatus><ReasonPhrase>REST API Exception</ReasonPhrase><ErrorMessage>",
        row->word);
    sim_text_add_xml(body, message);
    sim_text_add_string(body, "</ErrorMessage><ErrorType>");
    sim_text_add_xml(body, type);
    sim_text_printf(body, "</ErrorType><CorrelationId>%s</CorrelationId></ApiExceptionResponse>", guid);
}

static void odata_write(struct sim_text *body, bool old, const char *message)
{
    sim_text_add_string(body,
                        old ? "{\"odata.error\":{\"code\":\"\",\"message\":{\"lang\":\"en-US\",\"value\":"
                            : "{\"error\":{\"code\":\"\",\"message\":");
    sim_text_add_json(body, message);
    if (old)
        sim_text_add(body, "}", 1);
    sim_text_add_string(body, old ? "}}"
                                  : ",\"innererror\":{\"message\":\"\",\"type\":\"\",\"stacktrace\":\"\"}}}");
}

static void soap_write(struct sim_text *body, const char *message)
{
    sim_text_add_string(body,
                        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>"
                        "<faultcode>s:Client</faultcode><faultstring xml:lang=\"en-US\">");
    sim_text_add_xml(body, message);
    sim_text_add_string(body, "</faultstring></s:Fault></s:Body></s:Envelope>");
}

static void html_write(struct sim_text *body, int status, const char *phrase)
{
    sim_text_printf(
        body,
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
        "<HTML><HEAD><TITLE>%s</TITLE>\r\n"
        "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
        "<BODY><h2>%s</h2>\r\n<hr><p>HTTP Error %d. %s.</p>\r\n</BODY></HTML>\r\n",
        phrase, phrase, status, phrase);
}

void sim_error_as(struct sim_call *call, int status, enum simulator_body form, const char *type,
                  const char *message)
{
    const struct status_row *row = status_find(status);
    const struct status_row *other = status_find(0);
    char guid[37];
    sim_guid(guid);
    if (!type)
        type = row->type ? row->type : other->type;
    if (!message)
        message = row->message ? row->message : other->message;
    call->status = status;
    call->body.size = 0;
    call->content_type = "application/json; charset=utf-8";
    switch (form) {
    case SIMULATOR_BODY_EPICOR_JSON:
        json_write(&call->body, status, type, message, guid);
        break;
    case SIMULATOR_BODY_EPICOR_XML:
        xml_write(&call->body, row, type, message, guid);
        call->content_type = "application/xml; charset=utf-8";
        break;
    case SIMULATOR_BODY_ODATA4:
    case SIMULATOR_BODY_ODATA3:
        odata_write(&call->body, form == SIMULATOR_BODY_ODATA3, message);
        break;
    case SIMULATOR_BODY_OAUTH:
        sim_text_add_string(&call->body, "{\"error\":");
        sim_text_add_json(&call->body, type);
        sim_text_add_string(&call->body, ",\"error_description\":");
        sim_text_add_json(&call->body, message);
        sim_text_add(&call->body, "}", 1);
        break;
    case SIMULATOR_BODY_IIS_HTML:
        html_write(&call->body, status, row->phrase);
        call->content_type = "text/html; charset=us-ascii";
        break;
    case SIMULATOR_BODY_SOAP_FAULT:
        soap_write(&call->body, message);
        call->content_type = "text/xml; charset=utf-8";
        break;
    case SIMULATOR_BODY_EMPTY:
    case SIMULATOR_BODY_TEXT:
        call->content_type = NULL;
        break;
    }
}

void sim_error(struct sim_call *call, int status, const char *type, const char *message)
{
    /* "SecureErrors" hides the detail from remote callers (facts §5.4); who may not come in is still told so.
     */
    if (call->behaviour.secure_errors && status != 401 && status != 403) {
        type = NULL;
        message = status_find(500)->message;
    }
    sim_error_as(call, status, call->json ? SIMULATOR_BODY_EPICOR_JSON : SIMULATOR_BODY_EPICOR_XML, type,
                 message);
}
