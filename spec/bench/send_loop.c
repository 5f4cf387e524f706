/*
 * The floor for sending one message after the other: curl_easy_perform on one kept connection.
 * Usage: send_loop URL BODY_FILE COUNT. Prints the CPU microseconds of one message.
 */
#include "transfer.h"

static bool send_messages(struct transfer *transfer, long count)
{
    for (long i = 0; i < count; i++) {
        if (!transfer_succeeded(transfer, curl_easy_perform(transfer->easy)))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: send_loop URL BODY_FILE COUNT\n");
        return 2;
    }
    long count = strtol(argv[3], NULL, 10);
    size_t body_length = 0;
    char *body = read_whole_file(argv[2], &body_length);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *headers = transfer_headers();
    static struct transfer transfer;
    bool sent = false;
    if (body != NULL && headers != NULL &&
        transfer_open(&transfer, argv[1], body, body_length, headers) &&
        send_messages(&transfer, count / 10 + 1)) {
        double before = cpu_microseconds();
        sent = send_messages(&transfer, count);
        printf("%.3f\n", (cpu_microseconds() - before) / (double)count);
    }
    curl_easy_cleanup(transfer.easy);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    free(body);
    return sent ? 0 : 1;
}
