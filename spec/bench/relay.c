/*
 * The floor for a webhook whose handler sends a message before it answers: libmicrohttpd and a
 * curl_multi handle on one thread, the key compared, the conversation found by searching the bytes,
 * a fixed message sent. Usage: relay PORT BASE_URL BODY_FILE KEY. Runs until it is killed.
 */
#include "transfer.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

enum { EVENT_MAX = 4096, URL_MAX = 512, ID_MAX = 64 };

struct relay;

/* A request from Divar and the message that it waits for. Done ones are kept and used again. */
struct job {
    struct relay *relay;
    struct job *next_free;
    struct MHD_Connection *connection;
    struct transfer transfer;
    size_t event_length;
    unsigned status; /* 0 until it is known what to answer */
    bool sent;
    char event[EVENT_MAX + 1];
};

struct relay {
    CURLM *multi;
    struct curl_slist *headers;
    struct MHD_Response *answer;
    struct job *free_jobs;
    const char *base_url, *key;
    char *message;
    size_t message_length;
};

static struct job *take_job(struct relay *relay)
{
    struct job *job = relay->free_jobs;
    if (job != NULL) {
        relay->free_jobs = job->next_free;
    } else {
        job = calloc(1, sizeof *job);
        if (job == NULL || !transfer_open(&job->transfer, relay->base_url, relay->message,
                                          relay->message_length, relay->headers)) {
            free(job);
            return NULL;
        }
        job->relay = relay;
        curl_easy_setopt(job->transfer.easy, CURLOPT_PRIVATE, job);
    }
    job->event_length = 0;
    job->status = 0;
    job->sent = false;
    return job;
}

/* Where the message goes, by the conversation the event names. */
static bool message_url(const struct relay *relay, const char *event, char url[URL_MAX])
{
    static const char before_id[] = "\"conversation\":{\"id\":\"";
    const char *id = strstr(event, before_id);
    if (id == NULL)
        return false;
    id += sizeof before_id - 1;
    int length = (int)strcspn(id, "\"");
    int written = snprintf(url, URL_MAX, "%s/v1/open-platform/chat/bot/conversations/%.*s/messages",
                           relay->base_url, length < ID_MAX ? length : ID_MAX, id);
    return written > 0 && written < URL_MAX;
}

static enum MHD_Result begin(struct job *job)
{
    struct relay *relay = job->relay;
    const char *key =
        MHD_lookup_connection_value(job->connection, MHD_HEADER_KIND, "Authorization");
    char url[URL_MAX];
    job->event[job->event_length] = '\0';
    if (key == NULL || strcmp(key, relay->key) != 0)
        return MHD_queue_response(job->connection, MHD_HTTP_UNAUTHORIZED, relay->answer);
    if (!message_url(relay, job->event, url))
        return MHD_queue_response(job->connection, MHD_HTTP_BAD_REQUEST, relay->answer);
    curl_easy_setopt(job->transfer.easy, CURLOPT_URL, url);
    if (curl_multi_add_handle(relay->multi, job->transfer.easy) != CURLM_OK)
        return MHD_NO;
    job->sent = true;
    MHD_suspend_connection(job->connection);
    return MHD_YES;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_length, void **slot)
{
    (void)url, (void)method, (void)version;
    struct job *job = *slot;
    if (job == NULL) {
        job = *slot = take_job(user);
        if (job == NULL)
            return MHD_NO;
        job->connection = connection;
        return MHD_YES;
    }
    if (*upload_length > 0) {
        if (*upload_length > EVENT_MAX - job->event_length)
            return MHD_NO;
        memcpy(job->event + job->event_length, upload, *upload_length);
        job->event_length += *upload_length;
        *upload_length = 0;
        return MHD_YES;
    }
    return job->sent ? MHD_queue_response(connection, job->status, job->relay->answer) : begin(job);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode why)
{
    (void)user, (void)connection, (void)why;
    struct job *job = *slot;
    if (job != NULL) {
        job->next_free = job->relay->free_jobs;
        job->relay->free_jobs = job;
    }
}

/* Resumes the requests whose message was answered; whether there were any. */
static bool collect(CURLM *multi)
{
    bool any = false;
    int queued = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued)) != NULL; any = true) {
        CURLcode result = message->data.result;
        CURL *easy = message->easy_handle;
        struct job *job = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &job);
        curl_multi_remove_handle(multi, easy);
        job->status =
            transfer_succeeded(&job->transfer, result) ? MHD_HTTP_OK : MHD_HTTP_BAD_GATEWAY;
        MHD_resume_connection(job->connection);
    }
    return any;
}

static int serve(struct relay *relay, struct MHD_Daemon *daemon)
{
    int epoll_fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    for (;;) {
        bool resumed;
        do {
            int active = 0;
            if (MHD_run(daemon) != MHD_YES || curl_multi_perform(relay->multi, &active) != CURLM_OK)
                return 1;
            resumed = collect(relay->multi);
        } while (resumed);
        MHD_UNSIGNED_LONG_LONG wait = 1000;
        if (MHD_get_timeout(daemon, &wait) != MHD_YES || wait > 1000)
            wait = 1000;
        struct curl_waitfd epoll = {.fd = epoll_fd, .events = CURL_WAIT_POLLIN};
        curl_multi_poll(relay->multi, &epoll, 1, (int)wait, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: relay PORT BASE_URL BODY_FILE KEY\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct relay relay = {.base_url = argv[2], .key = argv[4]};
    relay.message = read_whole_file(argv[3], &relay.message_length);
    relay.multi = curl_multi_init();
    relay.headers = transfer_headers();
    relay.answer = MHD_create_response_from_buffer(2, "{}", MHD_RESPMEM_PERSISTENT);
    if (relay.message == NULL || relay.multi == NULL || relay.headers == NULL ||
        relay.answer == NULL)
        return 1;
    MHD_add_response_header(relay.answer, "Content-Type", "application/json");
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtol(argv[1], NULL, 10)),
        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
                         &relay, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "relay: cannot listen on port %s\n", argv[1]);
        return 1;
    }
    return serve(&relay, daemon);
}
