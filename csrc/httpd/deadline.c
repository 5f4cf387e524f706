#include "deadline.h"

#include <math.h>
#include <time.h>

void kenar_deadlines_init(struct kenar_deadlines *deadlines, double header, double body,
                          double idle)
{
    *deadlines = (struct kenar_deadlines){.timeout = {
                                              [KENAR_PHASE_NEW] = header,
                                              [KENAR_PHASE_HEADER] = header,
                                              [KENAR_PHASE_BODY] = body,
                                              [KENAR_PHASE_HANDLER] = HUGE_VAL,
                                              [KENAR_PHASE_ANSWER] = body,
                                              [KENAR_PHASE_STREAM] = HUGE_VAL,
                                              [KENAR_PHASE_IDLE] = idle,
                                              [KENAR_PHASE_ENDED] = HUGE_VAL,
                                          }};
    kenar_deadlines_tick(deadlines);
}

void kenar_deadlines_tick(struct kenar_deadlines *deadlines)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    deadlines->now = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* From the end: nearly always the latest deadline is the one being added. */
static void insert(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline)
{
    struct kenar_deadline_list *list = &deadlines->list[deadline->phase];
    struct kenar_deadline *before = list->last;
    while (before != NULL && before->at > deadline->at)
        before = before->previous;
    struct kenar_deadline *after = before != NULL ? before->next : list->first;
    deadline->previous = before;
    deadline->next = after;
    *(before != NULL ? &before->next : &list->first) = deadline;
    *(after != NULL ? &after->previous : &list->last) = deadline;
}

void kenar_deadline_add(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline)
{
    deadline->phase = KENAR_PHASE_NEW;
    deadline->since = deadlines->now;
    deadline->at = deadlines->now + deadlines->timeout[KENAR_PHASE_NEW];
    insert(deadlines, deadline);
}

void kenar_deadline_enter(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline,
                          enum kenar_phase phase)
{
    bool first_header = deadline->phase == KENAR_PHASE_NEW && phase == KENAR_PHASE_HEADER;
    kenar_deadline_remove(deadlines, deadline);
    deadline->phase = phase;
    deadline->since = deadlines->now;
    if (!first_header)
        deadline->at = deadlines->now + deadlines->timeout[phase];
    insert(deadlines, deadline);
}

void kenar_deadline_remove(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline)
{
    struct kenar_deadline_list *list = &deadlines->list[deadline->phase];
    struct kenar_deadline *before = deadline->previous, *after = deadline->next;
    *(before != NULL ? &before->next : &list->first) = after;
    *(after != NULL ? &after->previous : &list->last) = before;
    deadline->previous = deadline->next = NULL;
}

struct kenar_deadline *kenar_deadline_expired(const struct kenar_deadlines *deadlines)
{
    for (int phase = 0; phase < KENAR_PHASE_COUNT; phase++) {
        struct kenar_deadline *first = deadlines->list[phase].first;
        if (first != NULL && first->at <= deadlines->now)
            return first;
    }
    return NULL;
}

double kenar_deadline_wait(const struct kenar_deadlines *deadlines)
{
    double earliest = HUGE_VAL;
    for (int phase = 0; phase < KENAR_PHASE_COUNT; phase++) {
        const struct kenar_deadline *first = deadlines->list[phase].first;
        if (first != NULL && first->at < earliest)
            earliest = first->at;
    }
    return earliest > deadlines->now ? earliest - deadlines->now : 0;
}
