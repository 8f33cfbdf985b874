#ifndef EMBEDDED_MONITOR_H
#define EMBEDDED_MONITOR_H

#include <hyla.h>

// Where a line of text goes.
typedef void say(const char *text);

// Runs the monitor over a stream that it makes up; 0 if all went well.
int monitor(say *out);

#endif
