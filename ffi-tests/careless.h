/* What windows.h and old system headers define. */
#ifdef __cplusplus
#include <cstddef>
#include <cstdint>
#include <type_traits>
#if __cplusplus >= 202002L
#include <span>
#endif
#endif
#define near
#define far
#define small char
#define interface struct
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define ERROR 0
#define TRUE 1
#define FALSE 0
#define DELETE 0x00010000L
#define DIFFERENCE 11
#define IGNORE 0
#define NO_ERROR 0L
#define STRICT
#define VOID void
#define pascal
#define cdecl
#define hyper long
#define unix 1
#define linux 1
#define major(device) (device)
#define minor(device) (device)
