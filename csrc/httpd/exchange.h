/* One request and its answer, as libmicrohttpd tells of them: the callbacks given to the daemon.
 * None of them calls Lua; a complete request is put on the server's queue. */
#ifndef KENAR_HTTPD_EXCHANGE_H
#define KENAR_HTTPD_EXCHANGE_H

#include <microhttpd.h>

/* MHD_OPTION_URI_LOG_CALLBACK: a request line has arrived. */
void *exchange_target(void *closure, const char *target, struct MHD_Connection *mhd);

/* MHD_OPTION_UNESCAPE_CALLBACK: leaves the target as it was sent. */
size_t exchange_unescape(void *closure, struct MHD_Connection *mhd, char *text);

/* The access handler: called when the header is complete, for each piece of the body, when the
 * request is complete, and again each turn until there is an answer. */
enum MHD_Result exchange_handle(void *closure, struct MHD_Connection *mhd, const char *target,
                                const char *method, const char *version, const char *bytes,
                                size_t *count, void **context);

/* MHD_OPTION_NOTIFY_COMPLETED: the exchange is over, well or not. */
void exchange_completed(void *closure, struct MHD_Connection *mhd, void **context,
                        enum MHD_RequestTerminationCode code);

/* MHD_OPTION_NOTIFY_CONNECTION: a connection was accepted or is about to be closed. */
void exchange_connection(void *closure, struct MHD_Connection *mhd, void **context,
                         enum MHD_ConnectionNotificationCode code);

#endif
