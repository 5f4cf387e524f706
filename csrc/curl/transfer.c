#include "transfer.h"
#include <stdlib.h>

void kenar_transfer_list_append(struct kenar_transfer_list *list, struct kenar_transfer *transfer)
{
    transfer->previous = list->last;
    transfer->next = NULL;
    if (list->last != NULL) {
        list->last->next = transfer;
    } else {
        list->first = transfer;
    }
    list->last = transfer;
    list->count++;
}

void kenar_transfer_list_remove(struct kenar_transfer_list *list, struct kenar_transfer *transfer)
{
    if (transfer->previous != NULL) {
        transfer->previous->next = transfer->next;
    } else {
        list->first = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->previous = transfer->previous;
    } else {
        list->last = transfer->previous;
    }
    transfer->previous = transfer->next = NULL;
    list->count--;
}

uint64_t kenar_request_size(const struct kenar_request *request)
{
    return request->upload != NULL ? request->upload->total : request->body_length;
}

void kenar_request_clear(struct kenar_request *request)
{
    kenar_header_list_release(request->headers);
    kenar_upload_free(request->upload);
    request->headers = NULL;
    request->upload = NULL;
    request->body = NULL;
    request->body_length = 0;
}

void kenar_transfer_free(struct kenar_transfer *transfer)
{
    if (transfer != NULL) {
        kenar_request_clear(&transfer->request);
        kenar_bytes_free(&transfer->request.url);
        free(transfer);
    }
}
