/* Memory between pages that cannot be touched, by the means of POSIX or of Windows. To be included first. */
#ifndef PAGES_H
#define PAGES_H

#ifdef _WIN32
#include <stdbool.h>
#include <windows.h>

static inline size_t bytes_of_a_page(void) {
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    return system.dwPageSize;
}

/* Whole pages with as many untouchable ones on both sides, or NULL. */
static inline unsigned char *guarded_pages(size_t bytes) {
    unsigned char *const all = (unsigned char *)VirtualAlloc(NULL, 3 * bytes, MEM_RESERVE, PAGE_NOACCESS);
    return all == NULL ? NULL : (unsigned char *)VirtualAlloc(all + bytes, bytes, MEM_COMMIT, PAGE_READWRITE);
}

/* Whether the kernel, asked to read there, refuses. */
static inline bool is_untouchable(const unsigned char *byte) {
    HANDLE from, to;
    DWORD written;
    if (!CreatePipe(&from, &to, NULL, 0)) return false;
    const bool refused = !WriteFile(to, byte, 1, &written, NULL);
    CloseHandle(from);
    CloseHandle(to);
    return refused;
}
#else
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t bytes_of_a_page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Whole pages with as many untouchable ones on both sides, or NULL. */
static inline unsigned char *guarded_pages(size_t bytes) {
    unsigned char *const all = (unsigned char *)mmap(NULL, 3 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return all == MAP_FAILED || mprotect(all + bytes, bytes, PROT_READ | PROT_WRITE) != 0 ? NULL : all + bytes;
}

/* Whether the kernel, asked to read there, refuses. */
static inline bool is_untouchable(const unsigned char *byte) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const bool refused = write(ends[1], byte, 1) == -1 && errno == EFAULT;
    close(ends[0]);
    close(ends[1]);
    return refused;
}
#endif

#endif
