/* Counting by single steps, where callgrind cannot: the processor traps after each instruction, and the handler counts
 * those from the first one of a function to its return. A microsecond and more each. */
#define _GNU_SOURCE
#include "count.h"

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

enum { TRAP_FLAG = 0x100 };

static volatile enum { REQUESTED, BEFORE, INSIDE } state;
static volatile uintptr_t first, after;
static volatile uint64_t steps;

static void step(int signal, siginfo_t *info, void *context) {
    greg_t *const registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uintptr_t next = (uintptr_t)registers[REG_RIP];
    (void)signal;
    (void)info;
    if (state == REQUESTED) {
        registers[REG_EFL] |= TRAP_FLAG;
        state = BEFORE;
    } else if (state == BEFORE && next == first) {
        after = *(const uintptr_t *)registers[REG_RSP];
        steps = 1;
        state = INSIDE;
    } else if (state == INSIDE && next == after) {
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    } else if (state == INSIDE) {
        ++steps;
    }
}

void begin_steps(uintptr_t function) {
    struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
    first = function;
    state = REQUESTED;
    sigaction(SIGTRAP, &action, NULL);
    raise(SIGTRAP);
}

uint64_t counted_steps(void) { return steps; }
#else
void begin_steps(uintptr_t function) {
    (void)function;
    fputs("counts: failed: single steps are for Linux on x86-64\n", stderr);
    exit(1);
}

uint64_t counted_steps(void) { return 0; }
#endif
