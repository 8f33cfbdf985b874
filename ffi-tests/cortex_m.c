/* Starts a program with a C library on a Cortex-M without an operating system: the vectors, and the float unit, which
 * is off after a reset. The rest is the library's (newlib with semihosting). */
#include <stdint.h>

extern uint32_t stack_top[];
void _start(void);
void reset(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*reset)(void);
} vectors = {stack_top, reset};

__attribute__((naked)) void reset(void) {
#if defined(__ARM_FP)
    __asm__ volatile(
        "ldr r0, =0xe000ed88\n ldr r1, [r0]\n ldr r2, =0x00f00000\n orr r1, r2\n str r1, [r0]\n dsb\n isb\n");
#endif
    __asm__ volatile("ldr r0, =_start\n bx r0\n");
}
