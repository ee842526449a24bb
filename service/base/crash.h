/*
 * Where a debug build can be told to die, so that the fault suite sees what is left behind
 * (docs/faults.md): CSPR_CRASH_AT is the name of a point, or name:number for the so-manieth time
 * that it is passed. A release has none of this.
 */
#pragma once

#ifdef CSPR_CRASH_POINTS
void crash_point(const char *name);
#else
static inline void crash_point(const char *name)
{
	(void)name;
}
#endif
