// The monitor on a Cortex-M without an operating system or a C library: vectors, stack, and text by semihosting, which
// an emulator or a debugger takes from the breakpoint. At the end it says how deep its stack was.

#include "monitor.h"

extern uint32_t stack_bottom[], stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];
void reset(void);

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {stack_top, reset};

enum { WRITE = 0x04, EXIT = 0x18, APPLICATION_EXIT = 0x20026, RUNTIME_ERROR = 0x20023, PAINT = 0x5a5a5a5a };

static void semihosting(uintptr_t operation, uintptr_t argument) {
    register uintptr_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void say_it(const char *text) { semihosting(WRITE, (uintptr_t)text); }

static void say_stack(void) {
    const volatile uint32_t *painted = stack_bottom;
    while (*painted == PAINT) ++painted;
    uint32_t used = (uint32_t)((uintptr_t)stack_top - (uintptr_t)painted);
    char text[] = "stack 0000 bytes\n";
    static const uint32_t units[] = {1000, 100, 10, 1};
    for (int i = 0; i < 4; ++i)
        for (; used >= units[i]; used -= units[i]) ++text[6 + i];
    say_it(text);
}

__attribute__((used)) static void run(void) {
    const int failed = monitor(say_it);
    say_stack();
    semihosting(EXIT, failed ? RUNTIME_ERROR : APPLICATION_EXIT);
    for (;;) {}
}

// Before anything may use the stack: it is painted, so that what was used can be seen.
__attribute__((naked)) void reset(void) {
    __asm__ volatile(
        "ldr r0, =stack_bottom\n ldr r1, =stack_top\n ldr r2, =0x5a5a5a5a\n"
        "1: str r2, [r0]\n add r0, #4\n cmp r0, r1\n bne 1b\n"
        "ldr r0, =bss_start\n ldr r1, =bss_end\n mov r2, #0\n"
        "2: cmp r0, r1\n beq 3f\n str r2, [r0]\n add r0, #4\n b 2b\n"
        "3: ldr r0, =data_start\n ldr r1, =data_end\n ldr r2, =data_load\n"
        "4: cmp r0, r1\n beq 5f\n ldr r3, [r2]\n str r3, [r0]\n add r0, #4\n add r2, #4\n b 4b\n"
        "5:\n"
#if defined(__ARM_FP)
        "ldr r0, =0xe000ed88\n ldr r1, [r0]\n ldr r2, =0x00f00000\n orr r1, r2\n str r1, [r0]\n dsb\n isb\n"
#endif
        "bl run\n");
}
