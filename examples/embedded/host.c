// The monitor as a program of a workstation: its text is what every other machine must say.

#include <stdio.h>

#include "monitor.h"

static void say_it(const char *text) { fputs(text, stdout); }

int main(void) { return monitor(say_it); }
