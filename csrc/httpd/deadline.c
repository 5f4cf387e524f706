#include "deadline.h"

#include "connection.h"

#include <math.h>
#include <time.h>

void deadlines_init(struct deadlines *deadlines, double header, double body, double idle)
{
    *deadlines = (struct deadlines){.timeout = {
                                        [PHASE_NEW] = header,
                                        [PHASE_HEADER] = header,
                                        [PHASE_BODY] = body,
                                        [PHASE_HANDLER] = HUGE_VAL,
                                        [PHASE_ANSWER] = body,
                                        [PHASE_STREAM] = HUGE_VAL,
                                        [PHASE_IDLE] = idle,
                                        [PHASE_ENDED] = HUGE_VAL,
                                    }};
    deadlines_tick(deadlines);
}

void deadlines_tick(struct deadlines *deadlines)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    deadlines->now = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* From the end: nearly always the latest deadline is the one being added. */
static void insert(struct deadlines *deadlines, struct connection *connection)
{
    struct deadline_list *list = &deadlines->list[connection->phase];
    struct connection *before = list->last;
    while (before != NULL && before->deadline > connection->deadline)
        before = before->previous;
    struct connection *after = before != NULL ? before->next : list->first;
    connection->previous = before;
    connection->next = after;
    *(before != NULL ? &before->next : &list->first) = connection;
    *(after != NULL ? &after->previous : &list->last) = connection;
}

void deadline_add(struct deadlines *deadlines, struct connection *connection)
{
    connection->phase = PHASE_NEW;
    connection->since = deadlines->now;
    connection->deadline = deadlines->now + deadlines->timeout[PHASE_NEW];
    insert(deadlines, connection);
}

void deadline_enter(struct deadlines *deadlines, struct connection *connection, enum phase phase)
{
    bool first_header = connection->phase == PHASE_NEW && phase == PHASE_HEADER;
    deadline_remove(deadlines, connection);
    connection->phase = phase;
    connection->since = deadlines->now;
    if (!first_header)
        connection->deadline = deadlines->now + deadlines->timeout[phase];
    insert(deadlines, connection);
}

void deadline_remove(struct deadlines *deadlines, struct connection *connection)
{
    struct deadline_list *list = &deadlines->list[connection->phase];
    struct connection *before = connection->previous, *after = connection->next;
    *(before != NULL ? &before->next : &list->first) = after;
    *(after != NULL ? &after->previous : &list->last) = before;
    connection->previous = connection->next = NULL;
}

struct connection *deadline_expired(const struct deadlines *deadlines)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct connection *first = deadlines->list[phase].first;
        if (first != NULL && first->deadline <= deadlines->now)
            return first;
    }
    return NULL;
}

double deadline_wait(const struct deadlines *deadlines)
{
    double earliest = HUGE_VAL;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        const struct connection *first = deadlines->list[phase].first;
        if (first != NULL && first->deadline < earliest)
            earliest = first->deadline;
    }
    return earliest > deadlines->now ? earliest - deadlines->now : 0;
}
