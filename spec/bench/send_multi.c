/*
 * The floor for sending many at a time: one curl_multi handle whose transfers are added again when
 * they are done. Usage: send_multi URL BODY_FILE COUNT IN_FLIGHT. Prints the CPU microseconds of
 * one message.
 */
#include "transfer.h"

/* Takes what has finished and starts it again while there is something left to send. */
static bool collect(CURLM *multi, long *left, long *running)
{
    int queued = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued)) != NULL;) {
        CURLcode result = message->data.result;
        CURL *easy = message->easy_handle;
        struct transfer *transfer = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
        curl_multi_remove_handle(multi, easy);
        if (!transfer_succeeded(transfer, result))
            return false;
        if (*left > 0) {
            --*left;
            curl_multi_add_handle(multi, easy);
        } else {
            --*running;
        }
    }
    return true;
}

static bool send_messages(CURLM *multi, struct transfer *transfers, long in_flight, long count)
{
    long running = in_flight < count ? in_flight : count;
    long left = count - running;
    for (long i = 0; i < running; i++)
        curl_multi_add_handle(multi, transfers[i].easy);
    while (running > 0) {
        int active = 0;
        if (curl_multi_perform(multi, &active) != CURLM_OK || !collect(multi, &left, &running))
            return false;
        if (running > 0)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: send_multi URL BODY_FILE COUNT IN_FLIGHT\n");
        return 2;
    }
    long count = strtol(argv[3], NULL, 10);
    long in_flight = strtol(argv[4], NULL, 10);
    if (count < 1 || in_flight < 1 || in_flight > 10000)
        return 2;
    size_t body_length = 0;
    char *body = read_whole_file(argv[2], &body_length);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = transfer_headers();
    struct transfer *transfers = calloc((size_t)in_flight, sizeof *transfers);
    bool ready = body != NULL && multi != NULL && headers != NULL && transfers != NULL;
    for (long i = 0; ready && i < in_flight; i++)
        ready = transfer_open(&transfers[i], argv[1], body, body_length, headers);
    bool sent = false;
    if (ready && send_messages(multi, transfers, in_flight, count / 10 + 1)) {
        double before = cpu_microseconds();
        sent = send_messages(multi, transfers, in_flight, count);
        printf("%.3f\n", (cpu_microseconds() - before) / (double)count);
    }
    for (long i = 0; transfers != NULL && i < in_flight; i++) {
        curl_multi_remove_handle(multi, transfers[i].easy);
        curl_easy_cleanup(transfers[i].easy);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    free(transfers);
    free(body);
    return sent ? 0 : 1;
}
